/*
 * A program's file, written for a test whose frames stand in it.
 */
#ifndef SHAPEBOX_TESTS_UNIT_PROGRAM_FILE_H
#define SHAPEBOX_TESTS_UNIT_PROGRAM_FILE_H

#include <CUnit/Basic.h>
#include <stdarg.h>
#include <stdio.h>

/* PATH holds what FORMAT makes, and nothing else. */
__attribute__((format(printf, 2, 3))) static inline void
write_program(const char *path, const char *format, ...)
{
	FILE *file = fopen(path, "w");
	va_list arguments;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	fclose(file);
}

#endif
