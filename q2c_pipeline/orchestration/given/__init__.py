"""Questions about contract lines that a file asks, and the rows by which the nightly SQL answers them."""
