"""The two systems that are compared, behind one interface, and the clients that use them."""
