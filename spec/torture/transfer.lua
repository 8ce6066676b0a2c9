-- libcurl writes and reads HTTP itself where responses may be compressed.
return assert(loadfile "spec/torture/send.lua") { gzip = true }
