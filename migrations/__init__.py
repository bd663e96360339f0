"""The steps that bring a database's tables up to this program; `sync.store.schema` runs them."""
