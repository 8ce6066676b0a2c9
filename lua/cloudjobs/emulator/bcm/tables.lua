--- The tables that billing exports are made from: their properties, and their
--- columns as `name type` lines. A group of columns with `when` is there only
--- for that value of that property.

local GRANULARITY = {
  Name = "TIME_GRANULARITY",
  ValidValues = { "HOURLY", "DAILY", "MONTHLY" },
  DefaultValue = "HOURLY",
}

local function flag(name)
  return { Name = name, ValidValues = { "TRUE", "FALSE" }, DefaultValue = "FALSE" }
end

return {
  {
    name = "CARBON_EMISSIONS",
    description = "Estimated carbon emissions of a month's usage.",
    quota = 2,
    partition = "usage_period",
    properties = {},
    columns = {
      { [[
        last_refresh_timestamp timestamp_milliseconds
        location string
        model_version string
        payer_account_id string
        product_code string
        region_code string
        total_lbm_emissions_unit string
        total_lbm_emissions_value double
        total_mbm_emissions_unit string
        total_mbm_emissions_value double
        total_scope_1_emissions_unit string
        total_scope_1_emissions_value double
        total_scope_2_lbm_emissions_unit string
        total_scope_2_lbm_emissions_value double
        total_scope_2_mbm_emissions_unit string
        total_scope_2_mbm_emissions_value double
        total_scope_3_lbm_emissions_unit string
        total_scope_3_lbm_emissions_value double
        total_scope_3_mbm_emissions_unit string
        total_scope_3_mbm_emissions_value double
        usage_account_id string
        usage_period_end timestamp_milliseconds
        usage_period_start timestamp_milliseconds
      ]] },
    },
  },
  {
    name = "COST_AND_USAGE_DASHBOARD",
    description = "Cost and usage, prepared for a dashboard.",
    quota = 2,
    partition = "BILLING_PERIOD",
    properties = {},
    columns = {
      { [[
        account_id string
        amortized_cost double
        billing_entity string
        billing_period timestamp_milliseconds
        bill_type string
        charge_type string
        item_description string
        legal_entity string
        operation string
        payer_account_id string
        pricing_unit string
        product_code string
        product_name string
        purchase_option string
        region string
        unblended_cost double
        usage_date timestamp_milliseconds
        usage_quantity double
        usage_type string
      ]] },
    },
  },
  {
    name = "COST_AND_USAGE_REPORT",
    description = "Cost and usage line items (CUR 2.0).",
    quota = 5,
    partition = "BILLING_PERIOD",
    properties = {
      GRANULARITY,
      flag "INCLUDE_RESOURCES",
      flag "INCLUDE_SPLIT_COST_ALLOCATION_DATA",
      flag "INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY",
      flag "INCLUDE_CAPACITY_RESERVATION_DATA",
      flag "INCLUDE_IAM_PRINCIPAL_DATA",
      { Name = "BILLING_VIEW_ARN", ValidValues = {}, DefaultValue = "" },
    },
    columns = {
      { [[
        bill_bill_type string
        bill_billing_entity string
        bill_billing_period_end_date timestamp_milliseconds
        bill_billing_period_start_date timestamp_milliseconds
        bill_invoice_id string
        bill_invoicing_entity string
        bill_payer_account_id string
        bill_payer_account_name string
        cost_category map<string,string>
      ]] },
      { when = { "INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY", "FALSE" }, [[
        discount map<string,double>
        discount_total_discount double
      ]] },
      { [[
        discount_bundled_discount double
        identity_line_item_id string
        identity_time_interval string
        line_item_availability_zone string
        line_item_blended_cost double
        line_item_blended_rate string
        line_item_currency_code string
        line_item_legal_entity string
        line_item_line_item_description string
        line_item_line_item_type string
        line_item_net_unblended_cost double
        line_item_net_unblended_rate string
        line_item_normalization_factor double
        line_item_normalized_usage_amount double
        line_item_operation string
        line_item_product_code string
        line_item_tax_type string
        line_item_unblended_cost double
        line_item_unblended_rate string
        line_item_usage_account_id string
        line_item_usage_account_name string
        line_item_usage_amount double
        line_item_usage_end_date timestamp_milliseconds
        line_item_usage_start_date timestamp_milliseconds
        line_item_usage_type string
        pricing_currency string
        pricing_lease_contract_length string
        pricing_offering_class string
        pricing_public_on_demand_cost double
        pricing_public_on_demand_rate string
        pricing_purchase_option string
        pricing_rate_code string
        pricing_rate_id string
        pricing_term string
        pricing_unit string
        product map<string,string>
        product_comment string
        product_fee_code string
        product_fee_description string
        product_from_location string
        product_from_location_type string
        product_from_region_code string
        product_instance_family string
        product_instance_type string
        product_instancesku string
        product_location string
        product_location_type string
        product_operation string
        product_pricing_unit string
        product_product_family string
        product_region_code string
        product_servicecode string
        product_sku string
        product_to_location string
        product_to_location_type string
        product_to_region_code string
        product_usagetype string
        reservation_amortized_upfront_cost_for_usage double
        reservation_amortized_upfront_fee_for_billing_period double
        reservation_availability_zone string
        reservation_effective_cost double
        reservation_end_time string
        reservation_modification_status string
        reservation_net_amortized_upfront_cost_for_usage double
        reservation_net_amortized_upfront_fee_for_billing_period double
        reservation_net_effective_cost double
        reservation_net_recurring_fee_for_usage double
        reservation_net_unused_amortized_upfront_fee_for_billing_period double
        reservation_net_unused_recurring_fee double
        reservation_net_upfront_value double
        reservation_normalized_units_per_reservation string
        reservation_number_of_reservations string
        reservation_recurring_fee_for_usage double
        reservation_reservation_a_r_n string
        reservation_start_time string
        reservation_subscription_id string
        reservation_total_reserved_normalized_units string
        reservation_total_reserved_units string
        reservation_units_per_reservation string
        reservation_unused_amortized_upfront_fee_for_billing_period double
        reservation_unused_normalized_unit_quantity double
        reservation_unused_quantity double
        reservation_unused_recurring_fee double
        reservation_upfront_value double
        resource_tags map<string,string>
        savings_plan_amortized_upfront_commitment_for_billing_period double
        savings_plan_end_time string
        savings_plan_instance_type_family string
        savings_plan_net_amortized_upfront_commitment_for_billing_period double
        savings_plan_net_recurring_commitment_for_billing_period double
        savings_plan_net_savings_plan_effective_cost double
        savings_plan_offering_type string
        savings_plan_payment_option string
        savings_plan_purchase_term string
        savings_plan_recurring_commitment_for_billing_period double
        savings_plan_region string
        savings_plan_savings_plan_a_r_n string
        savings_plan_savings_plan_effective_cost double
        savings_plan_savings_plan_rate double
        savings_plan_start_time string
        savings_plan_total_commitment_to_date double
        savings_plan_used_commitment double
      ]] },
      { when = { "INCLUDE_RESOURCES", "TRUE" }, "line_item_resource_id string" },
      { when = { "INCLUDE_SPLIT_COST_ALLOCATION_DATA", "TRUE" }, [[
        split_line_item_actual_usage double
        split_line_item_net_split_cost double
        split_line_item_net_unused_cost double
        split_line_item_parent_resource_id string
        split_line_item_public_on_demand_split_cost double
        split_line_item_public_on_demand_unused_cost double
        split_line_item_reserved_usage double
        split_line_item_split_cost double
        split_line_item_split_usage double
        split_line_item_split_usage_ratio double
        split_line_item_unused_cost double
      ]] },
      { when = { "INCLUDE_CAPACITY_RESERVATION_DATA", "TRUE" }, [[
        capacity_reservation_capacity_reservation_arn string
        capacity_reservation_capacity_reservation_status string
        capacity_reservation_capacity_reservation_type string
      ]] },
      { when = { "INCLUDE_IAM_PRINCIPAL_DATA", "TRUE" }, "line_item_iam_principal string" },
    },
  },
  {
    name = "COST_OPTIMIZATION_RECOMMENDATIONS",
    description = "Recommendations of the Cost Optimization Hub.",
    quota = 2,
    partition = "date",
    properties = {
      flag "INCLUDE_ALL_RECOMMENDATIONS",
      { Name = "FILTER", ValidValues = {}, DefaultValue = "{}" },
    },
    columns = {
      { [[
        account_id string
        action_type string
        currency_code string
        current_resource_details string
        current_resource_summary string
        current_resource_type string
        estimated_monthly_cost_after_discount double
        estimated_monthly_cost_before_discount double
        estimated_monthly_savings_after_discount double
        estimated_monthly_savings_before_discount double
        estimated_savings_percentage_after_discount double
        estimated_savings_percentage_before_discount double
        implementation_effort string
        last_refresh_timestamp timestamp_milliseconds
        recommendation_id string
        recommendation_lookback_period_in_days integer
        recommendation_source string
        recommended_resource_details string
        recommended_resource_summary string
        recommended_resource_type string
        region string
        resource_arn string
        restart_needed boolean
        rollback_possible boolean
        tags map<string,string>
      ]] },
    },
  },
  {
    name = "FOCUS_1_0_AWS",
    description = "Cost and usage in the FOCUS 1.0 form, with columns of AWS.",
    quota = 2,
    partition = "billing_period",
    properties = { GRANULARITY },
    columns = {
      { [[
        AvailabilityZone string
        BilledCost double
        BillingAccountId string
        BillingAccountName string
        BillingCurrency string
        BillingPeriodEnd timestamp_milliseconds
        BillingPeriodStart timestamp_milliseconds
        ChargeCategory string
        ChargeClass string
        ChargeDescription string
        ChargeFrequency string
        ChargePeriodEnd timestamp_milliseconds
        ChargePeriodStart timestamp_milliseconds
        CommitmentDiscountCategory string
        CommitmentDiscountId string
        CommitmentDiscountName string
        CommitmentDiscountStatus string
        CommitmentDiscountType string
        ConsumedQuantity double
        ConsumedUnit string
        ContractedCost double
        ContractedUnitPrice double
        EffectiveCost double
        InvoiceIssuerName string
        ListCost double
        ListUnitPrice double
        PricingCategory string
        PricingQuantity double
        PricingUnit string
        ProviderName string
        PublisherName string
        RegionId string
        RegionName string
        ResourceId string
        ResourceName string
        ResourceType string
        ServiceCategory string
        ServiceName string
        SkuId string
        SkuPriceId string
        SubAccountId string
        SubAccountName string
        Tags map<string,string>
        x_CostCategories map<string,string>
        x_Discounts map<string,double>
        x_Operation string
        x_ServiceCode string
        x_UsageType string
      ]] },
    },
  },
  {
    name = "FOCUS_1_2_AWS",
    description = "Cost and usage in the FOCUS 1.2 form, with columns of AWS.",
    quota = 2,
    partition = "billing_period",
    properties = { GRANULARITY },
    columns = {
      { [[
        AvailabilityZone string
        BilledCost double
        BillingAccountId string
        BillingAccountName string
        BillingAccountType string
        BillingCurrency string
        BillingPeriodEnd timestamp_milliseconds
        BillingPeriodStart timestamp_milliseconds
        CapacityReservationId string
        CapacityReservationStatus string
        ChargeCategory string
        ChargeClass string
        ChargeDescription string
        ChargeFrequency string
        ChargePeriodEnd timestamp_milliseconds
        ChargePeriodStart timestamp_milliseconds
        CommitmentDiscountCategory string
        CommitmentDiscountId string
        CommitmentDiscountName string
        CommitmentDiscountQuantity double
        CommitmentDiscountStatus string
        CommitmentDiscountType string
        CommitmentDiscountUnit string
        ConsumedQuantity double
        ConsumedUnit string
        ContractedCost double
        ContractedUnitPrice double
        EffectiveCost double
        InvoiceId string
        InvoiceIssuerName string
        ListCost double
        ListUnitPrice double
        PricingCategory string
        PricingCurrency string
        PricingCurrencyContractedUnitPrice double
        PricingCurrencyEffectiveCost double
        PricingCurrencyListUnitPrice double
        PricingQuantity double
        PricingUnit string
        ProviderName string
        PublisherName string
        RegionId string
        RegionName string
        ResourceId string
        ResourceName string
        ResourceType string
        ServiceCategory string
        ServiceName string
        ServiceSubcategory string
        SkuId string
        SkuMeter string
        SkuPriceDetails map<string,string>
        SkuPriceId string
        SubAccountId string
        SubAccountName string
        SubAccountType string
        Tags map<string,string>
        x_Discounts map<string,double>
        x_Operation string
        x_ServiceCode string
      ]] },
    },
  },
}
