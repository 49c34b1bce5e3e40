"""What tests share: kitchens, servers, and ways to run the program."""
