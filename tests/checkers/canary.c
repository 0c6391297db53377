/* SPDX-License-Identifier: MIT */
/*
 * One mistake that every checker must find, each time it runs: a checker that says nothing about
 * this file has not looked at the others either (tests/checkers/run.sh).
 */
#include <stdlib.h>

int canary(int n);
int canary(int n)
{
	int *bird = NULL, egg = (int)sizeof(sizeof(n));

	return n > 1 ? *bird : egg;
}
