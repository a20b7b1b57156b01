"""A request for deletion freezes a customer's data until the law lets them go; then two persons erase them."""
