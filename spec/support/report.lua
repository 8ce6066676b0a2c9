--- A busted output handler: busted's own report, and for tools/test the figures
--- of the run as one line "passed failed pending", then a line a failed spec.

return function(options)
  local busted = require "busted"
  local handler = require "busted.outputHandlers.plainTerminal"(options)

  -- A file or block that is pending as a whole (see absent.lua), which busted does not count.
  local pending = {}
  for _, block in ipairs { "file", "describe", "strict_setup", "lazy_setup", "before_each" } do
    busted.subscribe({ "pending", block }, function(element, parent, message, trace)
      handler.pendingsCount = handler.pendingsCount + 1
      table.insert(handler.pendings, handler.format(element, parent, message, trace))
      pending[parent] = true
    end)
  end
  -- Its teardown finds nothing to end, and its error is none.
  busted.subscribe({ "error", "strict_teardown" }, function(_, parent)
    return nil, not pending[parent]
  end)

  busted.subscribe({ "exit" }, function()
    local path = os.getenv("CLOUDJOBS_TALLY")
    if path then
      local file = assert(io.open(path, "w"))
      file:write(("%d %d %d\n"):format(handler.successesCount, handler.failuresCount + handler.errorsCount,
        handler.pendingsCount))
      for _, list in ipairs { handler.failures, handler.errors } do
        for _, failed in ipairs(list) do
          local message = type(failed.message) == "string" and failed.message or ""
          file:write(("%s: %s\n"):format(failed.name, message:gsub("%s+", " "):sub(1, 300)))
        end
      end
      file:close()
    end
    return nil, true
  end)

  return handler
end
