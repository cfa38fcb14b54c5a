/* A bundle as a trace: unpacked, its report as it was made. What is in it is anybody's: it is read as carefully as a trace. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../analysis/report.h"
#include "../analysis/text.h"
#include "archive.h"
#include "bundle.h"
#include "command.h"
#include "traces.h"

#define REPORT_BYTES_MOST (64 << 20)

/* A database, or one of what is always there. */
static bool
is_bundled(const char *name)
{
	size_t size = strlen(name);
	char report[64];

	for (enum language language = LANGUAGE_EN; language <= LANGUAGE_ZH; language++) {
		snprintf(report, sizeof report, BUNDLE_REPORT, language_code(language));
		if (strcmp(name, report) == 0)
			return true;
	}
	return text_among(BUNDLE_MANIFEST " " BUNDLE_ENVIRONMENT " " BUNDLE_RUN, name) || (size > 3 && strcmp(name + size - 3, ".db") == 0);
}

struct trace *
traces_open_bundle(const char *path, struct error *error)
{
	struct scratch *scratch = scratch_make(error);
	struct trace *trace;
	json_t *manifest;
	json_int_t format;

	if (!scratch || !archive_read(path, BUNDLE_MANIFEST, is_bundled, scratch, error)) {
		scratch_remove(scratch);
		return NULL;
	}
	manifest = json_load_file(scratch_file(scratch, BUNDLE_MANIFEST), 0, NULL);
	format = json_integer_value(json_object_get(manifest, "bundle"));
	json_decref(manifest);
	if (format < 1 || format > BUNDLE_FORMAT) {
		command_trouble(error, format > 0 ? "%.300s: a bundle of format %lld: this shapebox reads %d" : "%.300s: not a bundle of shapebox",
				path, (long long)format, BUNDLE_FORMAT);
		scratch_remove(scratch);
		return NULL;
	}
	trace = traces_open_path(scratch_path(scratch), error);
	if (trace)
		trace_call(trace, path);
	else
		scratch_remove(scratch);
	return trace;
}

json_t *
traces_bundled_report(const struct trace *trace)
{
	char path[PATH_MAX], name[64];
	struct stat status;
	json_t *report = NULL, *facts;

	if (!trace_unpacked(trace))
		return NULL;
	snprintf(name, sizeof name, BUNDLE_REPORT, language_code(language_now()));
	if (snprintf(path, sizeof path, "%s/%s", trace_unpacked(trace), name) < (int)sizeof path && stat(path, &status) == 0 &&
	    status.st_size <= REPORT_BYTES_MOST)
		report = json_load_file(path, 0, NULL);
	facts = json_object_get(report, "trace");
	if (json_integer_value(json_object_get(report, "schema")) != REPORT_SCHEMA || !json_is_object(facts)) {
		json_decref(report);
		return NULL;
	}
	text_set(facts, "directory", trace_directory(trace));
	return report;
}
