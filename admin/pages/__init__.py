"""One module a page. A page reads through `services`, and changes through `admin.actions`."""
