"""How the content of zones reaches the primary: by UPDATE or by file, and files brought up to what is served behind."""
