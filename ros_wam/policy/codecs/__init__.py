"""Array codecs: one file per form on the wire."""
