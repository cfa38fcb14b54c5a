/*
 * `SELECT ... => VALUE` on the databases of a trace.
 *
 * Asked of the process of the failure, or of the one with most events where there is none; `(worker) SELECT ...`
 * asks each process of that role, and one of them must answer so. `(all) SELECT ...`: every process must.
 */
#ifndef SHAPEBOX_TESTS_E2E_SQL_H
#define SHAPEBOX_TESTS_E2E_SQL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* True if the first column of the first row, as text, equals VALUE. REPORT is the report's JSON. */
bool sql_holds(json_t *report, const char *directory, const char *text, char *why, size_t why_size);

#endif
