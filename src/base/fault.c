/* SPDX-License-Identifier: MIT */
#include "reflashd/fault.h"

#include <stdarg.h>
#include <stdio.h>

int fault_set(struct fault *f, int err, const char *format, ...)
{
	va_list args;

	f->err = err;
	va_start(args, format);
	vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
	return err;
}
