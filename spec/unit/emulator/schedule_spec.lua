local core = require "cloudjobs.core"
local schedule = require "cloudjobs.emulator.ssm.schedule"
local zone = require "cloudjobs.emulator.ssm.zone"

local BASE = "2026-11-22T00:00:00Z" -- a Sunday

local CASES = {
  { "rate(30 minutes)", BASE, "2026-11-22T00:30:00Z" },
  { "rate(30 minutes)", "2026-11-22T00:30:00Z", "2026-11-22T01:00:00Z" },
  { "rate(1 hour)", "2026-11-22T05:59:59Z", "2026-11-22T06:00:00Z" },
  { "rate(7 days)", "2026-11-23T00:00:00Z", "2026-11-29T00:00:00Z" },
  { "at(2026-12-24T18:00:00)", BASE, "2026-12-24T18:00:00Z" },
  { "at(2026-12-24T18:00:00)", "2026-12-24T18:00:00Z", nil },
  { "cron(0 2 * * ? *)", BASE, "2026-11-22T02:00:00Z" },
  { "cron(0 2 * * ? *)", "2026-11-22T02:00:00Z", "2026-11-23T02:00:00Z" },
  { "cron(0 0 2 * * ? *)", BASE, "2026-11-22T02:00:00Z" },
  { "cron(*/15 * * * ? *)", "2026-11-22T00:14:30Z", "2026-11-22T00:15:00Z" },
  { "cron(0 9-17/4 ? * MON-FRI *)", BASE, "2026-11-23T09:00:00Z" },
  { "cron(0 9-17/4 ? * MON-FRI *)", "2026-11-23T13:00:00Z", "2026-11-23T17:00:00Z" },
  { "cron(0 0 1 JAN,JUL ? *)", BASE, "2027-01-01T00:00:00Z" },
  { "cron(0 0 29 2 ? *)", BASE, "2028-02-29T00:00:00Z" },
  { "cron(0 0 L * ? *)", BASE, "2026-11-30T00:00:00Z" },
  { "cron(0 0 ? * TUE#2 *)", BASE, "2026-12-08T00:00:00Z" },
  { "cron(0 0 ? * 6L *)", BASE, "2026-11-27T00:00:00Z" },
  { "cron(0 0 1 1 ? 2030)", BASE, "2030-01-01T00:00:00Z" },
  { "cron(0 0 1 1 ? 2020)", BASE, nil },
}

local BERLIN, NEW_YORK = "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0"
local ZONED = {
  { BERLIN, "cron(30 9 * * ? *)", "2026-01-01T00:00:00Z", "2026-01-01T08:30:00Z" },
  { BERLIN, "cron(30 9 * * ? *)", "2026-07-01T00:00:00Z", "2026-07-01T07:30:00Z" },
  { BERLIN, "cron(0 1 ? * MON *)", "2026-07-04T00:00:00Z", "2026-07-05T23:00:00Z" },
  { BERLIN, "at(2026-12-24T18:00:00)", BASE, "2026-12-24T17:00:00Z" },
  { BERLIN, "at(2026-12-24T18:00:00Z)", BASE, "2026-12-24T18:00:00Z" },
  { BERLIN, "rate(1 hour)", "2026-11-22T05:59:59Z", "2026-11-22T06:00:00Z" },
  -- Clocks that leap over the hour, and that show it twice.
  { BERLIN, "cron(15 2 * * ? *)", "2026-03-28T12:00:00Z", "2026-03-29T01:15:00Z" },
  { BERLIN, "cron(15 2 * * ? *)", "2026-03-29T01:15:00Z", "2026-03-30T00:15:00Z" },
  { BERLIN, "cron(0 4 * * ? *)", "2026-10-24T23:00:00Z", "2026-10-25T03:00:00Z" },
  { NEW_YORK, "cron(15 2 * * ? *)", "2026-03-08T06:59:00Z", "2026-03-08T07:15:00Z" },
  { NEW_YORK, "cron(0 12 * * ? *)", "2026-11-01T00:00:00Z", "2026-11-01T17:00:00Z" },
  { "AEST-10AEDT,M10.1.0,M4.1.0/3", "cron(0 12 * * ? *)", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z" },
  { "<+0530>-5:30", "cron(0 12 * * ? *)", "2026-01-01T00:00:00Z", "2026-01-01T06:30:00Z" },
  { "IST-1GMT0,M10.5.0,M3.5.0/1", "cron(0 12 * * ? *)", "2026-07-01T00:00:00Z", "2026-07-01T11:00:00Z" },
}

local NONE = {
  "", "daily", "rate(0 minutes)", "rate(1 fortnight)", "rate(-1 day)", "cron(* * *)", "cron(60 0 * * ? *)", "cron(0 0 * * XXX *)",
  "cron(0 0 32 * ? *)", "cron(*/0 * * * ? *)", "at(soon)",
}

describe("a window's schedule", function()
  for _, case in ipairs(CASES) do
    it(("%s opens after %s at %s"):format(case[1], case[2], case[3] or "no time"), function()
      local opens = schedule.parse(case[1], core.epoch(BASE))
      assert.equal(case[3] and core.epoch(case[3]), (opens(core.epoch(case[2]))))
    end)
  end
  for _, case in ipairs(ZONED) do
    it(("%s by the clocks of %s opens after %s at %s"):format(case[2], case[1], case[3], case[4]), function()
      local opens = schedule.parse(case[2], core.epoch(BASE), zone.parse(case[1]))
      assert.equal(case[4], core.iso(opens(core.epoch(case[3]))))
    end)
  end
  for _, text in ipairs(NONE) do
    it(("is not %q"):format(text), function()
      assert.falsy((schedule.parse(text, core.epoch(BASE))))
    end)
  end
end)
