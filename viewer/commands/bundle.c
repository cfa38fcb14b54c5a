/*
 * shapebox bundle: the failure as one small file, to pass on.
 */
#include "bundle.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../schema/config.h"
#include "../../schema/progress.h"
#include "../analysis/redact.h"
#include "../reader/trace_copy.h"
#include "../rendering/environment_text.h"
#include "../rendering/terminal.h"
#include "archive.h"
#include "command.h"
#include "output.h"
#include "traces.h"

#define BUNDLE_END ".shapebox.tgz"
#define FILES_MOST 1000  /* processes */
#define OTHERS_MOST 8    /* files beside theirs */
#define EVENTS_MOST 4096
#define REPORTS 2

struct bundle_values { const char *output, *size, *language; bool dry; };

const struct option_row command_bundle_options[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct bundle_values, output), "FILE", "the trace's name with " BUNDLE_END, "the file to write; never one that is there" },
	{ "size", 's', OPTION_TEXT, offsetof(struct bundle_values, size), "BYTES", "20M", "no larger than this: the oldest steps' operations are left out" },
	{ "dry-run", 'n', OPTION_FLAG, offsetof(struct bundle_values, dry), NULL, "off", "only list what it would hold" },
	OPTION_ROW_LANGUAGE(bundle_values),
	{ 0 }
};

struct bundle {
	struct trace *trace;
	struct scratch *scratch;
	struct redact redact;
	json_t *reports[REPORTS];
	struct archive_file files[FILES_MOST + OTHERS_MOST];
	char says[FILES_MOST + OTHERS_MOST][96]; /* of each file: what it is */
	int count, others;                       /* files; of them, those before the databases */
	int processes[FILES_MOST], process_count;
	int64_t events[EVENTS_MOST];             /* that the report names, of the process that it tells of */
	size_t event_count;
	enum language language;                  /* in which the list speaks; the bundle has its report in each */
};

static void
bundle_learn(const char *text, void *context)
{
	redact_learn_text(context, text);
}

static char *
bundle_rewrite(const char *text, void *context)
{
	return redact_text(context, text);
}

/* Whose names they are: mine, the traced processes', and who else owns a home directory that is named. */
static void
bundle_names(struct bundle *bundle)
{
	const struct passwd *me = getpwuid(getuid());
	char host[256] = "";

	redact_learn(&bundle->redact, REDACT_HOME, getenv("HOME"));
	redact_learn(&bundle->redact, REDACT_HOME, me ? me->pw_dir : NULL);
	redact_learn(&bundle->redact, REDACT_USER, me ? me->pw_name : NULL);
	redact_learn(&bundle->redact, REDACT_USER, getenv("USER"));
	redact_learn(&bundle->redact, REDACT_USER, getenv("LOGNAME"));
	if (gethostname(host, sizeof host - 1) == 0)
		redact_learn(&bundle->redact, REDACT_HOST, host);
	for (int i = 0; i < trace_process_count(bundle->trace); i++) {
		redact_learn(&bundle->redact, REDACT_HOST, trace_process(bundle->trace, i)->host);
		trace_each_text(bundle->trace, i, bundle_learn, &bundle->redact);
	}
	for (int i = 0; i < REPORTS; i++) {
		char *text = json_dumps(bundle->reports[i], JSON_COMPACT);

		if (text)
			redact_learn_text(&bundle->redact, text);
		free(text);
	}
}

static void
bundle_events(struct bundle *bundle, const json_t *value)
{
	const char *key;
	json_t *item;
	size_t i;

	json_array_foreach(value, i, item)
		bundle_events(bundle, item);
	json_object_foreach((json_t *)value, key, item) {
		if (strcmp(key, "event") == 0 && json_is_integer(item) && bundle->event_count < EVENTS_MOST)
			bundle->events[bundle->event_count++] = json_integer_value(item);
		bundle_events(bundle, item);
	}
}

/* A place for the file NAME; NULL: too many. */
static struct archive_file *
bundle_file(struct bundle *bundle, const char *name, const char *says)
{
	struct archive_file *file = &bundle->files[bundle->count];
	const char *path = bundle->count < FILES_MOST + OTHERS_MOST ? scratch_file(bundle->scratch, name) : NULL;

	if (!path)
		return NULL;
	*file = (struct archive_file){ strrchr(path, '/') + 1, path, 0 };
	snprintf(bundle->says[bundle->count], sizeof bundle->says[0], "%s", says);
	bundle->count++;
	return file;
}

static bool
bundle_json(struct bundle *bundle, const char *name, json_t *json, const char *says, struct error *error)
{
	struct archive_file *file = bundle_file(bundle, name, says);

	if (file && json && json_dump_file(json, file->path, JSON_COMPACT) == 0)
		return true;
	command_trouble(error, "%s: can't be written to %s", name, scratch_path(bundle->scratch));
	return false;
}

/* Everything but the databases. */
static bool
bundle_others(struct bundle *bundle, struct error *error)
{
	json_t *manifest = json_pack("{s:i, s:s}", "bundle", BUNDLE_FORMAT, "shapebox", SHAPEBOX_VERSION);
	json_t *run = json_deep_copy(trace_run(bundle->trace));
	struct page page = { 0 };
	struct archive_file *file;
	FILE *out;
	bool ok = bundle_json(bundle, BUNDLE_MANIFEST, manifest, SAY("format and version"), error);

	for (enum language language = LANGUAGE_EN; ok && language < REPORTS; language++) {
		char name[64];

		snprintf(name, sizeof name, BUNDLE_REPORT, language_code(language));
		ok = bundle_json(bundle, name, bundle->reports[language], language == LANGUAGE_EN ? SAY("the report") : SAY("the report in Chinese"), error);
	}
	if (ok && run) {
		redact_json(&bundle->redact, run);
		ok = bundle_json(bundle, BUNDLE_RUN, run, SAY("command, directory, exit status"), error);
	}
	language_set(LANGUAGE_EN); /* as issues want it */
	environment_text(&page, bundle->reports[LANGUAGE_EN], SHAPEBOX_VERSION);
	language_set(bundle->language);
	file = ok ? bundle_file(bundle, BUNDLE_ENVIRONMENT, SAY("versions and GPUs, to paste into an issue")) : NULL;
	out = file ? fopen(file->path, "we") : NULL;
	ok = out && page_print(&page, out, false);
	if (out && fclose(out) != 0)
		ok = false;
	if (!ok && !error->text[0])
		command_trouble(error, BUNDLE_ENVIRONMENT ": can't be written to %s", scratch_path(bundle->scratch));
	page_free(&page);
	json_decref(manifest);
	json_decref(run);
	bundle->others = bundle->count;
	return ok;
}

/* The processes' databases, with the operations of the newest STEPS steps (-1: all). */
static bool
bundle_databases(struct bundle *bundle, int64_t steps, struct error *error)
{
	json_t *failure = json_object_get(bundle->reports[LANGUAGE_EN], "failure");
	const char *failed = json_string_value(json_object_get(json_object_get(failure, "process"), "file"));

	for (int i = bundle->others; i < bundle->count; i++)
		unlink(bundle->files[i].path);
	bundle->count = bundle->others;
	for (int i = 0; i < bundle->process_count; i++) {
		const struct process *process = trace_process(bundle->trace, bundle->processes[i]);
		char *plain = redact_text(&bundle->redact, process->file); /* a file's name has its host's; the report is redacted already */
		bool told = failed && plain && strcmp(failed, plain) == 0;
		struct trace_copy copy = { steps, bundle->events, told ? bundle->event_count : 0, bundle_rewrite, &bundle->redact };
		struct trace_copied copied = { 0, 0, 0 };
		struct archive_file *file;
		char name[ARCHIVE_NAME_MOST + 1], number[16];
		size_t stem = plain ? strcspn(plain, ".") : 0;

		if (!plain)
			return command_trouble(error, "out of memory"), false;
		snprintf(name, sizeof name, "%.*s.db", (int)(stem < 80 ? stem : 80), plain);
		for (int n = 2; stem < 80 && n < 100 && access(scratch_file(bundle->scratch, name), F_OK) == 0; n++) /* "rank0-17.2.box" */
			snprintf(name, sizeof name, "%.*s.%d.db", (int)stem, plain, n);
		free(plain);
		progress_part(i, bundle->process_count);
		progress_tell(0, 1);
		file = bundle_file(bundle, name, "");
		if (!file || !trace_copy(bundle->trace, bundle->processes[i], file->path, &copy, &copied, error))
			return false;
		snprintf(number, sizeof number, process->rank >= 0 ? " %d" : "", process->rank);
		snprintf(bundle->says[bundle->count - 1], sizeof bundle->says[0], SAY("%s%s: %lld of %lld operations, steps %lld to %lld"), process->role,
			 number, (long long)copied.events, (long long)process->events, (long long)copied.first_step, (long long)copied.last_step);
	}
	return true;
}

/* Those that failed first, then ranks, then the rest. */
static void
bundle_choose(struct bundle *bundle)
{
	int count = trace_process_count(bundle->trace);

	for (int turn = 0; turn < 3; turn++)
		for (int i = 0; i < count && bundle->process_count < FILES_MOST; i++) {
			const struct process *process = trace_process(bundle->trace, i);
			int class = strcmp(process->status, "ok") != 0 ? 0 : strcmp(process->role, "rank") == 0 ? 1 : 2;

			if (class == turn)
				bundle->processes[bundle->process_count++] = i;
		}
}

/* No name that was to go may be left, whatever it stands in. */
static bool
bundle_check(struct bundle *bundle, struct error *error)
{
	for (int i = 0; i < bundle->count; i++) {
		struct stat status;
		FILE *file = fopen(bundle->files[i].path, "re");
		char *bytes = file && fstat(fileno(file), &status) == 0 ? malloc((size_t)status.st_size + 1) : NULL;
		const char *found = NULL;
		bool read = bytes && fread(bytes, 1, (size_t)status.st_size, file) == (size_t)status.st_size;

		if (read)
			found = redact_find(&bundle->redact, bytes, (size_t)status.st_size);
		if (found)
			command_trouble(error, "nothing written: '%s' is still in %s", found, bundle->files[i].name);
		else if (!read)
			command_trouble(error, "%s: can't be read back", bundle->files[i].name);
		free(bytes);
		if (file)
			fclose(file);
		if (found || !read)
			return false;
	}
	return true;
}

/* The archive, within LIMIT; where it is larger, with fewer steps. Its path and size. */
static const char *
bundle_archive(struct bundle *bundle, uint64_t limit, int64_t *size, struct error *error)
{
	static const int64_t steps[] = { -1, 256, 64, 16, 4, 2, 1 };
	const char *path = scratch_file(bundle->scratch, "bundle" BUNDLE_END);

	for (unsigned i = 0; path && i < sizeof steps / sizeof *steps; i++) {
		struct stat status;

		terminal_work("putting the bundle together");
		unlink(path);
		if (!bundle_databases(bundle, steps[i], error) || !archive_write(path, bundle->files, bundle->count, error) || stat(path, &status) != 0) {
			terminal_done();
			return NULL;
		}
		terminal_done();
		*size = status.st_size;
		if ((uint64_t)status.st_size <= limit)
			return path;
		if (i == sizeof steps / sizeof *steps - 1)
			command_trouble(error, "the bundle takes %lld bytes with one step of each process: --size allows %llu", (long long)status.st_size,
					(unsigned long long)limit);
	}
	return NULL;
}

static void
bundle_list(const struct bundle *bundle, const char *output, int64_t size)
{
	size_t users = 0, hosts = bundle->redact.hosts;
	int left_out = trace_process_count(bundle->trace) - bundle->process_count;
	struct page page = { 0 };

	page_safe(&page, output);
	page_add(&page, ", ");
	page_bytes(&page, size);
	page_add(&page, ":\n");
	for (int i = 0; i < bundle->count; i++) {
		struct page bytes = { 0 };

		page_bytes(&bytes, bundle->files[i].size_bytes);
		page_format(&page, "  %-24s %9s  %s\n", bundle->files[i].name, page_string(&bytes), bundle->says[i]);
		page_free(&bytes);
	}
	if (left_out)
		page_format(&page, SAY("  left out: %d processes that ended well\n"), left_out);
	for (size_t i = 0; i < bundle->redact.count; i++)
		users += bundle->redact.names[i].kind == REDACT_USER;
	page_format(&page, SAY("replaced: home directories, names of users (%zu) and of hosts (%zu). Values of tensors were never recorded.\n"), users, hosts);
	page_add(&page, SAY("Still in it: paths, names and lines of code, options and messages, as the report shows them.\n"));
	page_print(&page, stdout, terminal_color(stdout));
	page_free(&page);
}

static bool
bundle_write(FILE *file, void *context)
{
	FILE *in = fopen(context, "re");
	char buffer[1 << 16];
	size_t size;
	bool ok = in != NULL;

	while (ok && (size = fread(buffer, 1, sizeof buffer, in)) > 0)
		ok = fwrite(buffer, 1, size, file) == size;
	ok = ok && !ferror(in);
	if (in)
		fclose(in);
	return ok;
}

static bool
bundle_reports(struct bundle *bundle, struct error *error)
{
	for (enum language language = LANGUAGE_EN; language < REPORTS; language++) {
		language_set(language);
		bundle->reports[language] = traces_report(bundle->trace, error);
		if (!bundle->reports[language])
			return false;
	}
	language_set(bundle->language);
	bundle_names(bundle);
	for (int i = 0; i < REPORTS; i++)
		redact_json(&bundle->redact, bundle->reports[i]);
	bundle_events(bundle, bundle->reports[LANGUAGE_EN]);
	if (bundle->redact.failed)
		command_trouble(error, "out of memory");
	return !bundle->redact.failed;
}

/* "runs/shapebox-20260101/" is written to shapebox-20260101.shapebox.tgz, here. */
static void
bundle_name(const struct trace *trace, char out[PATH_MAX])
{
	char whole[PATH_MAX];
	const char *path = realpath(trace_directory(trace), whole) ? whole : trace_directory(trace);
	const char *slash = strrchr(path, '/');

	snprintf(out, PATH_MAX, "%.200s" BUNDLE_END, slash && slash[1] ? slash + 1 : "trace");
}

int
command_bundle(int argc, char **argv, struct error *error)
{
	struct bundle_values values = { .size = "20M" };
	struct bundle *bundle = calloc(1, sizeof *bundle);
	char name[PATH_MAX];
	const char *word, *archive;
	int rest, status, result = COMMAND_TROUBLE;
	uint64_t limit = 0;
	int64_t size = 0;
	struct stat there;
	bool chosen;

	if (!bundle)
		return command_trouble(error, "out of memory");
	if (!command_parse("bundle", &values, argc, argv, false, &rest, &status, error)) {
		free(bundle);
		return status;
	}
	if (!config_size(values.size, &limit)) {
		command_trouble(error, "bundle: --size wants bytes, such as 20M, not '%s'", values.size);
		goto out;
	}
	if (!command_language("bundle", values.language, stdout, error) || !traces_word("bundle", argc, argv, rest, &word, error))
		goto out;
	bundle->language = language_now();
	bundle->trace = traces_open(word, &chosen, error);
	if (!bundle->trace || !traces_recorded(bundle->trace, error))
		goto out;
	if (trace_unpacked(bundle->trace)) {
		command_trouble(error, "%s is a bundle already", trace_directory(bundle->trace));
		goto out;
	}
	bundle_name(bundle->trace, name);
	if (!values.output)
		values.output = name;
	if (!values.dry && lstat(values.output, &there) == 0) {
		command_trouble(error, "%s: is there already: a bundle never overwrites (-o names another)", values.output);
		goto out;
	}
	bundle->scratch = scratch_make(error);
	if (!bundle->scratch || !bundle_reports(bundle, error))
		goto out;
	bundle_choose(bundle);
	if (!bundle_others(bundle, error))
		goto out;
	archive = bundle_archive(bundle, limit, &size, error);
	if (!archive || !bundle_check(bundle, error))
		goto out;
	bundle_list(bundle, values.output, size);
	fflush(stdout);
	if (!values.dry && !output_write(values.output, false, bundle_write, (void *)archive, error))
		goto out;
	result = COMMAND_OK;
out:
	for (int i = 0; i < REPORTS; i++)
		json_decref(bundle->reports[i]);
	redact_free(&bundle->redact);
	if (bundle->trace)
		trace_close(bundle->trace);
	scratch_remove(bundle->scratch);
	free(bundle);
	return result;
}
