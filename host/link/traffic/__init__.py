"""What crosses the wire between host and chip, or would: counted, and told in words.

Read `traffic`, `counted_chip`, `report`, in this order.
"""
