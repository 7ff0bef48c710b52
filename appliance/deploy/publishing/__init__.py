"""How the content of zones reaches the primary: by UPDATE or by file, and how files follow what was updated."""
