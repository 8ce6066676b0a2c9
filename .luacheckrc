std = "min"
max_line_length = 120
exclude_files = { "build", "node_modules" }

files["spec"] = { std = "min+busted", max_line_length = false } -- input and whole output, side by side
files["lua/cloudjobs/transport/nginx"] = { read_globals = { "ngx" } }
files["lua/cloudjobs/nginx.lua"] = { read_globals = { "ngx" } }
files["lua/cloudjobs/transport/nginx/preload.lua"] = { std = "luajit" }
files["examples/nginx"] = { read_globals = { "ngx" } }
files["examples/nginx/app.lua"] = { globals = { "ngx" } } -- its fields are set
files["lua/cloudjobs/meta"] = { only = {} }
files["rockspec"] = { std = "+rockspec" }
files["lua/cloudjobs/models"] = { max_line_length = false }
