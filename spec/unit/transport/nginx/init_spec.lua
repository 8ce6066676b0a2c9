local cloudjobs = require "cloudjobs"

-- What it does inside of nginx is in spec/nginx.
describe("the nginx transport outside of nginx", function()
  it("says where it is", function()
    assert.error_matches(function()
      cloudjobs.transport.nginx()
    end, "cloudjobs.transport.nginx: this is not nginx")
  end)

  it("checks its options first", function()
    assert.error_matches(function()
      cloudjobs.transport.nginx { pool = 1 }
    end, "unknown option pool")
  end)

  it("has a setup that belongs into init_by_lua", function()
    assert.error_matches(function()
      require("cloudjobs.nginx").setup()
    end, "cloudjobs.nginx.setup: call it in nginx's init_by_lua")
  end)
end)
