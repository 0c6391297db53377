# The service runs as this user; members of the group may ask it `reflashd status'.
u reflashd - "Cisco IP phone recovery" /var/lib/reflashd
