/* Values that the message of the exception tells. */
#include <string.h>

#include "repro_parts.h"

int64_t
repro_told_place(const struct repro *repro, int64_t largest)
{
	const char *at = strstr(repro->failure->message ? repro->failure->message : "", "Index ");
	int64_t place, value;

	return at && text_number(&at, &place) && strncmp(at, " of input takes value ", 22) == 0 && text_number(&at, &value) && value == largest ? place : -1;
}

int64_t
repro_told_label(const struct repro *repro, int64_t smallest, int64_t largest)
{
	const char *at = strstr(repro->failure->message ? repro->failure->message : "", "Target ");
	int64_t label;

	return at && text_number(&at, &label) && strncmp(at, " is out of bounds", 17) == 0 && label > smallest && label < largest ? label : -1;
}

const char *
repro_told_value(const struct repro *repro, const struct operand *operand)
{
	static const struct { const char *message, *argument, *value; } rows[] = {
		{ "all elements of input should be between 0 and 1", "self", "2.0" },
		{ "all elements of target should be between 0 and 1", "target", "2.0" },
		{ "`inf`, `nan` or element < 0", "self", "-1.0" },
		{ "p_in >= 0 && p_in <= 1", "self", "2.0" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows && repro->failure->message; i++)
		if (strstr(repro->failure->message, rows[i].message) && strcmp(operand->name, rows[i].argument) == 0)
			return rows[i].value;
	return NULL;
}
