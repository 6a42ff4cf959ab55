"""The chip's end of the wire: a process that holds one or several dies for hosts that connect.

Read `settings`, `inbox`, `die`, `session`, `loop`, in this order.
"""
