"""Pages for people: the signup form, the customer's portal, the guarantor's pages, the underwriter's console."""
