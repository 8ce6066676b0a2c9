-- What the example looks at. CLOUDJOBS_EXAMPLE names another file like this.

return {
  -- As for cloudjobs.inventory.
  fleet = {
    { cloud = "aws", region = "us-east-1" },
    -- { cloud = "azure", scope = "subscriptions/00000000-0000-0000-0000-000000000000" },
  },
  -- A client's options, for the jobs of each cloud.
  options = { aws = {}, azure = {} },
  -- Told when a watched job fails.
  webhook = nil, -- "https://example.com/hook"
}
