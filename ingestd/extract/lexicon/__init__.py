"""Words of documents: lexicon files, and the search for printed words despite small misreadings."""
