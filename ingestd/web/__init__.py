"""The page and the API: what people and programs see, ask and put right over HTTP."""
