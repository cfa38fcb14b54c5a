/* See doctor_cuda.h. */
#include "doctor_cuda.h"

#include <stdio.h>
#include <string.h>

#include "../rendering/terminal.h"

/* How calls of each library reach us; the first whose name begins the file's. */
static const struct { const char *name, *level, *how; } levels[] = {
	{ "libcudart", "runtime", "its exported functions, and those found by dlsym" },
	{ "libcuda.so", "driver", "exported functions, dlsym, cuGetProcAddress" },
	{ "libcudadebugger", "not seen", "a debugger's, loaded by the driver" },
	{ "libcupti", "not seen", "a profiler's: left alone" },
	{ "lib", "driver", "with a CUDA runtime inside, which asks for the driver's functions by name" },
};

static const char *
line_after(const char *output, const char *mark, char *out, size_t size)
{
	const char *at = strstr(output, mark);

	out[0] = 0;
	if (at)
		snprintf(out, size, "%.*s", (int)strcspn(at + strlen(mark), "\n"), at + strlen(mark));
	return out;
}

static json_t *
string_or_null(const char *text)
{
	json_t *json = text[0] ? json_string(text) : NULL;

	return json ? json : json_null();
}

json_t *
doctor_cuda_parse(const char *output)
{
	json_t *cuda, *libraries;
	char text[4096];

	if (!line_after(output, "\ncuda version ", text, sizeof text)[0])
		return NULL;
	cuda = json_object();
	libraries = json_array();
	json_object_set_new(cuda, "version", string_or_null(text));
	json_object_set_new(cuda, "device", string_or_null(line_after(output, "\ncuda device ", text, sizeof text)));
	json_object_set_new(cuda, "problem", string_or_null(line_after(output, "\ncuda problem ", text, sizeof text)));
	line_after(output, "\ncuda namespaces ", text, sizeof text);
	json_object_set_new(cuda, "namespaces", json_integer(text[0] >= '1' && text[0] <= '9' ? text[0] - '0' : 1));
	for (const char *at = output; (at = strstr(at, "\ncuda library ")); at++) {
		const char *base, *level = "", *how = "";

		line_after(at, "\ncuda library ", text, sizeof text);
		base = strrchr(text, '/') ? strrchr(text, '/') + 1 : text;
		for (size_t i = 0; i < sizeof levels / sizeof *levels && !level[0]; i++)
			if (strncmp(base, levels[i].name, strlen(levels[i].name)) == 0) {
				level = levels[i].level;
				how = levels[i].how;
			}
		json_array_append_new(libraries, json_pack("{s:o, s:s, s:s}", "file", string_or_null(text), "level", level, "how", how));
	}
	json_object_set_new(cuda, "libraries", libraries);
	return cuda;
}

void
doctor_cuda_count(json_t *cuda, struct trace *trace)
{
	static const char *const names[] = { "launches", "allocations", "wrapped_driver", "queries" };

	for (size_t i = 0; cuda && i < sizeof names / sizeof *names; i++)
		json_object_set_new(cuda, names[i], json_integer(trace_cuda_count(trace, 0, names[i])));
}

static int64_t
count_of(const json_t *cuda, const char *key)
{
	return json_integer_value(json_object_get(cuda, key));
}

bool
doctor_cuda_is_blind(const json_t *cuda)
{
	return json_is_string(json_object_get(cuda, "device")) && !json_is_string(json_object_get(cuda, "problem")) && !count_of(cuda, "launches");
}

/* The names of those that are seen in one way, in one line or more; a name that two files have once. */
static void
libraries_text(struct page *page, const json_t *libraries, const char *level, const char *how)
{
	struct page line = { 0 };
	const char *before = "";
	const json_t *library;
	size_t i;

	json_array_foreach(libraries, i, library) {
		const char *file = json_string_value(json_object_get(library, "file")), *base = file && strrchr(file, '/') ? strrchr(file, '/') + 1 : "";

		if (strcmp(json_string_value(json_object_get(library, "how")), how) != 0 || strcmp(base, before) == 0)
			continue;
		page_add(&line, line.size ? ", " : "");
		page_words(&line, base);
		before = base;
	}
	if (line.size) {
		page_format(&line, ": %s", how);
		page_format(page, "         %-8s  ", level);
		page_wrap(page, 19, terminal_columns(stdout), 0, page_string(&line));
	}
	page_free(&line);
}

void
doctor_cuda_text(struct page *page, const json_t *cuda)
{
	const char *device = json_string_value(json_object_get(cuda, "device")), *problem = json_string_value(json_object_get(cuda, "problem"));

	if (!cuda)
		return;
	page_add(page, "\n" PAGE_FAINT "cuda     " PAGE_END);
	page_words(page, json_string_value(json_object_get(cuda, "version")));
	if (!device && !problem) {
		page_add(page, ", no device here: nothing could be tried");
	} else if (problem) {
		page_add(page, ", " PAGE_BAD "failed" PAGE_END ": ");
		page_words(page, problem);
	} else {
		page_add(page, " on ");
		page_words(page, device);
		page_add(page, ": ");
		page_plural(page, count_of(cuda, "launches"), "kernel", "kernels");
		page_add(page, " and ");
		page_plural(page, count_of(cuda, "allocations"), "allocation", "allocations");
		page_add(page, " of the test program recorded");
		if (doctor_cuda_is_blind(cuda))
			page_add(page, PAGE_BAD " (there was one at least: CUDA's calls go past shapebox here)" PAGE_END);
	}
	page_add(page, "\n");
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		libraries_text(page, json_object_get(cuda, "libraries"), levels[i].level, levels[i].how);
	if (count_of(cuda, "namespaces") > 1)
		page_add(page, "         " PAGE_BAD "bypassed" PAGE_END "  a second copy of libc is loaded (dlmopen): what runs with it isn't seen\n");
	page_add(page, "         not seen  libraries loaded with RTLD_DEEPBIND or dlmopen; programs that are setuid or have capabilities (they\n"
		 "                   ignore LD_PRELOAD); calls through cuGetExportTable\n");
}
