/*
 * shapebox version: this build, what it was made from, and the formats it knows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "../analysis/report.h"
#include "bundle.h"
#include "commit.h"
#include "command.h"

struct version_values { bool json; };

const struct option_row command_version_options[] = { OPTION_ROWS_JSON(version_values), { 0 } };

int
command_version(int argc, char **argv, struct error *error)
{
	struct version_values values = { 0 };
	struct trace_formats formats = trace_formats();
	int rest, status;

	if (!command_parse("version", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (values.json) {
		json_t *json = json_pack("{s:s, s:s?, s:i, s:i, s:i, s:i, s:s, s:s, s:s, s:n}", "shapebox", SHAPEBOX_VERSION, "commit",
					 SHAPEBOX_COMMIT[0] ? SHAPEBOX_COMMIT : NULL, "trace", formats.database, "box", formats.box,
					 "report", REPORT_SCHEMA, "bundle", BUNDLE_FORMAT, "sqlite", formats.sqlite, "jansson",
					 jansson_version_str(), "zlib", zlibVersion(), "libunwind");
		char *text = json_dumps(json, JSON_INDENT(1));

		json_decref(json);
		if (!text)
			return command_trouble(error, "out of memory");
		puts(text);
		free(text);
		return COMMAND_OK;
	}
	printf("shapebox %s (%s%s)\n", SHAPEBOX_VERSION, SHAPEBOX_COMMIT[0] ? "commit " : "built outside a git repository",
	       SHAPEBOX_COMMIT);
	printf("trace format %d, box format %d, report format %d, bundle format %d\n", formats.database, formats.box, REPORT_SCHEMA,
	       BUNDLE_FORMAT);
	printf("SQLite %s, jansson %s, zlib %s; native stacks by the traced process's own unwinder (libgcc), no libunwind\n", formats.sqlite,
	       jansson_version_str(), zlibVersion());
	return COMMAND_OK;
}
