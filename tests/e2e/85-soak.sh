#!/bin/sh
# A short soak: twice sixty phones of eight kinds, some with power cuts; not one is lost, and when the
# last of their connections have been given up the descriptors are what they were (tests/soak/run.sh).
# alone
N=60 COUNT=40 AGAIN=64 exec sh "$(dirname "$0")/../soak/run.sh"
