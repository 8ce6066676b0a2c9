-- Compressed answers are libcurl's affair, requests and all.
return assert(loadfile "spec/torture/send.lua") { gzip = true }
