"""What only a hotglue job asks of the target; nothing here decides what is written to Optiply."""
