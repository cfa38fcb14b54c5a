/*
 * A file that came from anywhere, given to all that reads or shows a trace: a box is folded and read, a database is read, a
 * report's JSON is shown. The first bytes tell which it is.
 *
 *   clang -fsanitize=fuzzer: libFuzzer calls LLVMFuzzerTestOneInput (`./build.sh fuzz`).
 *   Else main is here. fuzz SEEDS ROUNDS [NUMBER]: files of the directory SEEDS, ROUNDS times changed at random, the same way for
 *   the same NUMBER (1). What falls is left in its directory, whose name the first line tells.
 */
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/box.h"
#include "viewer/analysis/diff/diff.h"
#include "viewer/analysis/memory/memory.h"
#include "viewer/analysis/report.h"
#include "viewer/reader/trace.h"
#include "viewer/rendering/html.h"
#include "viewer/rendering/report_text.h"

#define WIDTH 100

static char folder[64]; /* of this process: holds the file that is tried, and what is made of it */
static FILE *nowhere;

static const char *
path_of(const char *name)
{
	static char path[512];

	snprintf(path, sizeof path, "%s/%.300s", folder, name);
	return path;
}

static void
folder_empty(void)
{
	DIR *dir = opendir(folder);

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		unlink(path_of(entry->d_name));
	if (dir)
		closedir(dir);
}

static void
folder_end(void)
{
	folder_empty();
	rmdir(folder);
}

static void
folder_begin(void)
{
	if (folder[0])
		return;
	snprintf(folder, sizeof folder, "%s/shapebox-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	nowhere = fopen("/dev/null", "w");
	if (!mkdtemp(folder) || !nowhere)
		abort();
	atexit(folder_end);
}

static void
file_write(const char *name, const uint8_t *data, size_t size)
{
	int file = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (file < 0 || write(file, data, size) != (ssize_t)size)
		abort();
	close(file);
}

static void
show(json_t *report, json_t *log)
{
	json_t *reports[2] = { report, report };
	struct page page = { 0 };

	report_text(&page, report, WIDTH);
	report_environment_all(&page, report, WIDTH);
	report_failures_all(&page, report, WIDTH);
	page_free(&page);
	html_write(nowhere, reports, log, NULL, LANGUAGE_EN);
}

static void
try_trace(void)
{
	struct error error = { "" };
	struct trace *trace = trace_open(folder, &error);
	struct diff_request request = { .traces = &trace, .trace_count = 1, .steps = { -1, -1 } };
	json_t *report, *log;

	if (!trace)
		return;
	report = report_build(trace, &error);
	log = html_log(trace, NULL, 200);
	if (report)
		show(report, log);
	json_decref(report);
	json_decref(log);
	json_decref(diff_build(&request, &error));
	trace_close(trace);
}

static void
try_json(const uint8_t *data, size_t size)
{
	json_t *report = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL);

	if (json_is_object(report))
		show(report, NULL);
	json_decref(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	folder_begin();
	if (size && data[0] == '{') {
		try_json(data, size);
		return 0;
	}
	folder_empty();
	file_write(size >= 8 && memcmp(data, BOX_MAGIC, 8) == 0 ? "rank0-1.box" : "rank0-1.db", data, size);
	try_trace();
	return 0;
}

#ifndef FUZZ_LIBFUZZER

#define SEEDS_MOST 64
#define SEED_BYTES_MOST (1u << 20)

struct seed {
	uint8_t *data;
	size_t size;
	uint32_t *used; /* places of bytes that aren't zero: most of a box is room */
	size_t used_count;
};

static struct seed seeds[SEEDS_MOST];
static int seed_count;
static uint64_t state;

static uint64_t
chance(uint64_t most)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (state >> 24) % most;
}

static void
seed_read(const char *directory, const char *name)
{
	struct seed *seed = &seeds[seed_count];
	char path[1024];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "rb");
	seed->data = malloc(SEED_BYTES_MOST);
	seed->used = malloc(SEED_BYTES_MOST * sizeof *seed->used);
	if (!file || !seed->data || !seed->used)
		abort();
	seed->size = fread(seed->data, 1, SEED_BYTES_MOST, file);
	fclose(file);
	for (size_t i = 0; i < seed->size; i++)
		if (seed->data[i])
			seed->used[seed->used_count++] = (uint32_t)i;
	seed_count += seed->used_count > 0;
}

/* A number that somebody may not have thought of, in as many bytes as fit, in either order. */
static void
put_number(uint8_t *at, size_t room)
{
	static const uint64_t numbers[] = { 0, 1, 2, 7, 8, 127, 128, 255, 256, 4095, 4096, 32767, 32768, 65535, 65536, INT32_MAX, 1ull << 31, UINT32_MAX,
					    1ull << 32, INT64_MAX, 1ull << 63, UINT64_MAX, UINT64_MAX - 7 };
	uint64_t number = numbers[chance(sizeof numbers / sizeof *numbers)];
	size_t size = 1u << chance(4);
	bool big = chance(4) == 0;

	for (size_t i = 0; i < size && i < room; i++)
		at[i] = (uint8_t)(number >> 8 * (big ? size - 1 - i : i));
}

static void
change(uint8_t *data, size_t size, const struct seed *seed)
{
	size_t at = chance(5) ? seed->used[chance(seed->used_count)] : chance(size), from, count;

	switch (chance(6)) {
	case 0:
		data[at] ^= (uint8_t)(1u << chance(8));
		break;
	case 1:
		data[at] = (uint8_t)chance(256);
		break;
	case 2:
	case 3:
		put_number(data + (at & ~(size_t)(chance(2) ? 7 : 3)), size - at);
		break;
	case 4: /* a piece of it again, elsewhere */
		count = 1 + chance(64);
		from = chance(size);
		if (from + count <= size && at + count <= size)
			memmove(data + at, data + from, count);
		break;
	default: /* a piece that is gone */
		count = 1 + chance(32);
		if (at + count <= size)
			memset(data + at, 0, count);
	}
}

int
main(int argc, char **argv)
{
	DIR *dir = argc > 2 ? opendir(argv[1]) : NULL;
	uint8_t *data = malloc(SEED_BYTES_MOST);

	if (!dir || !data)
		return 2;
	for (struct dirent *entry; seed_count < SEEDS_MOST && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			seed_read(argv[1], entry->d_name);
	closedir(dir);
	state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	folder_begin();
	printf("%d seeds, in %s\n", seed_count, folder);
	fflush(stdout);
	for (long round = 0, rounds = strtol(argv[2], NULL, 10); seed_count && round < rounds; round++) {
		const struct seed *seed = &seeds[chance((uint64_t)seed_count)];
		size_t size = chance(16) ? seed->size : 1 + chance(seed->size);

		memcpy(data, seed->data, seed->size);
		for (uint64_t n = 1 + chance(chance(4) ? 6 : 60); n > 0; n--)
			change(data, seed->size, seed);
		memcpy(data, seed->data, chance(8) ? 12 : 0); /* mostly, it still begins as what it is */
		if (data[0] == '{')
			file_write(".json", data, size); /* what falls can be looked at */
		LLVMFuzzerTestOneInput(data, size);
	}
	printf("%s files read\n", argv[2]);
	for (int i = 0; i < seed_count; i++) {
		free(seeds[i].data);
		free(seeds[i].used);
	}
	free(data);
	return seed_count ? 0 : 2;
}

#endif
