# Makes reflashd@.service of reflashd.service: one daemon for each interface, such as
# reflashd@eth1.10. All of them read the one configuration; folder of state and control socket are
# each one's own.
1i\
# One reflashd for each interface: systemctl enable --now reflashd@eth1.10 reflashd@eth1.20. They share\
# /etc/reflashd.conf (the interface there does not count); give each interface its address in the\
# system's own network configuration, or here: systemctl edit reflashd@eth1.10. The state is below\
# /var/lib/reflashd/eth1.10; ask by reflashd status --control /run/reflashd-eth1.10/control.\
#\
# The rest is as in reflashd.service:\
#
s|^\(Description=.*\)|\1 on %i|
s|^\(ExecStart=.*\)|\1 --interface %i --state-dir /var/lib/reflashd/%i --control /run/reflashd-%i/control|
s|^StateDirectory=.*|StateDirectory=reflashd reflashd/%i|
s|^RuntimeDirectory=.*|RuntimeDirectory=reflashd-%i|
