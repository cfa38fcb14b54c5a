#include "tests/e2e/sql.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ask the database FILE. The answer goes to ANSWER ("(no row)" where there is none); false: an error, said there. */
static bool
ask(const char *directory, const char *file, const char *sql, char *answer, size_t size)
{
	char path[1024];
	sqlite3 *database = NULL;
	sqlite3_stmt *statement = NULL;
	bool ok = false;

	snprintf(path, sizeof path, "%s/%s", directory, file);
	if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK) {
		int status = sqlite3_step(statement);

		if (status == SQLITE_ROW) {
			const unsigned char *text = sqlite3_column_text(statement, 0);

			snprintf(answer, size, "%s", text ? (const char *)text : "NULL");
			ok = true;
		} else if (status == SQLITE_DONE) {
			snprintf(answer, size, "(no row)");
			ok = true;
		}
	}
	if (!ok)
		snprintf(answer, size, "%s", sqlite3_errmsg(database));
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return ok;
}

/* The process that is asked where no role is named. */
static json_t *
chosen_process(json_t *report)
{
	json_t *processes = json_object_get(report, "processes"), *process, *best = NULL;
	json_t *failed = json_object_get(json_object_get(report, "failure"), "process");
	size_t i;

	json_array_foreach(processes, i, process) {
		if (failed != NULL && json_equal(json_object_get(process, "pid"), json_object_get(failed, "pid")))
			return process;
		if (best == NULL || json_integer_value(json_object_get(process, "events")) >
				    json_integer_value(json_object_get(best, "events")))
			best = process;
	}
	return best;
}

bool
sql_holds(json_t *report, const char *directory, const char *text, char *why, size_t why_size)
{
	const char *arrow = strstr(text, "=>"), *start = text, *role = NULL;
	char answer[1024] = "", *sql, wanted[32] = "";
	json_t *processes = json_object_get(report, "processes"), *process, *chosen;
	size_t i, asked = 0, right = 0;

	for (const char *next = arrow; next != NULL; next = strstr(next + 2, "=>"))
		arrow = next;
	if (arrow == NULL) {
		snprintf(why, why_size, "can't be read: no =>");
		return false;
	}
	if (sscanf(text, "(%31[a-z])", wanted) == 1) {
		role = wanted;
		start = strchr(text, ')') + 1;
	}
	sql = strndup(start, (size_t)(arrow - start));
	arrow += 2 + strspn(arrow + 2, " ");
	snprintf(why, why_size, "no such process");
	chosen = role ? NULL : chosen_process(report);
	json_array_foreach(processes, i, process) {
		const char *its = json_string_value(json_object_get(process, "role"));
		const char *file = json_string_value(json_object_get(process, "file"));

		if (role ? strcmp(role, "all") != 0 && (its == NULL || strcmp(its, role) != 0) : process != chosen)
			continue;
		asked++;
		if (file != NULL && ask(directory, file, sql, answer, sizeof answer) && strcmp(answer, arrow) == 0)
			right++;
		else
			snprintf(why, why_size, "%s answers: %s", file ? file : "(no file)", answer);
	}
	free(sql);
	if (role != NULL && strcmp(role, "all") == 0)
		return asked > 0 && right == asked;
	return right > 0;
}
