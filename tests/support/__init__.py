"""What tests of every room lean on."""
