#include "trace_live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/box_read.h"
#include "schema/bytes.h"
#include "schema/fingerprint.h"
#include "trace_internal.h"

#define STACK_MOST 256
#define CHUNKS_MOST 65536u

/* A box open for a moment. */
struct peek { int descriptor; struct box_header header; };

static bool
bytes_at(const struct peek *peek, void *into, size_t size, uint64_t offset)
{
	return pread(peek->descriptor, into, size, (off_t)offset) == (ssize_t)size;
}

/* SIZE bytes at AT within REGION. */
static bool
region_at(const struct peek *peek, enum box_region_id id, uint64_t at, void *into, size_t size)
{
	const struct box_region *region = &peek->header.regions[id];

	return at <= region->size_bytes && size <= region->size_bytes - at && bytes_at(peek, into, size, region->offset_bytes + at);
}

static void
string_at(const struct peek *peek, uint32_t reference, char *out, size_t room)
{
	struct box_string string;
	struct bytes clean = { 0 };
	char raw[1024];
	size_t size;

	out[0] = '\0';
	if (reference == BOX_NONE || !region_at(peek, BOX_STRINGS, reference, &string, sizeof string))
		return;
	size = string.size_bytes < sizeof raw ? string.size_bytes : sizeof raw;
	if (!region_at(peek, BOX_STRINGS, reference + sizeof string, raw, size))
		return;
	bytes_add_clean(&clean, raw, size);
	if (clean.data && !clean.failed)
		snprintf(out, room, "%s", clean.data);
	bytes_free(&clean);
}

static void
operation_at(const struct peek *peek, const struct box_start *start, char *out, size_t room)
{
	struct box_signature signature = { .op = start->signature };
	struct box_op op;

	out[0] = '\0';
	if (!(start->record.flags & BOX_FLAG_INLINE) &&
	    !region_at(peek, BOX_SIGNATURES, start->signature * 8ull, &signature, sizeof signature))
		return;
	if (region_at(peek, BOX_OPS, signature.op * (uint64_t)sizeof op, &op, sizeof op))
		string_at(peek, op.name, out, room);
}

#define WORDS_MOST 4096 /* of one signature */

/* Which group the operation of START names. */
static void
group_at(const struct peek *peek, const struct box_start *start, struct live_process *out)
{
	struct box_signature signature;
	struct fingerprint_signature print;
	struct box_op op;
	char name[sizeof out->operation], arguments[512];
	uint64_t *words;

	if ((start->record.flags & BOX_FLAG_INLINE) || !region_at(peek, BOX_SIGNATURES, start->signature * 8ull, &signature, sizeof signature) ||
	    signature.word_count > WORDS_MOST || !region_at(peek, BOX_OPS, signature.op * (uint64_t)sizeof op, &op, sizeof op))
		return;
	words = malloc(signature.word_count * sizeof *words + 1);
	if (words && region_at(peek, BOX_SIGNATURES, start->signature * 8ull + sizeof signature, words, signature.word_count * sizeof *words)) {
		string_at(peek, op.name, name, sizeof name);
		string_at(peek, op.argument_names, arguments, sizeof arguments);
		print = fingerprint_signature(name, strlen(name), "", 0, arguments, strlen(arguments), false, words, signature.word_count,
					      signature.value_count, -1);
		out->group_size = print.group_size < INT32_MAX ? (int)print.group_size : 0;
		out->group = print.group;
	}
	free(words);
}

/* The note "groups", if it isn't being written right now. */
static char *
groups_at(const struct peek *peek)
{
	uint64_t at = (uint64_t)BOX_NOTE_FIRST_GROUPS * peek->header.note_bytes;
	struct box_note note;
	char *text = NULL;

	if (peek->header.note_count > BOX_NOTE_FIRST_GROUPS && region_at(peek, BOX_NOTES, at, &note, sizeof note) &&
	    note.kind == BOX_NOTE_GROUPS && note.size_bytes <= peek->header.note_bytes - sizeof note &&
	    (text = calloc(1, note.size_bytes + 1ul)) && !region_at(peek, BOX_NOTES, at + sizeof note, text, note.size_bytes)) {
		free(text);
		text = NULL;
	}
	return text;
}

static void
frames_at(const struct peek *peek, uint32_t reference, struct live_process *out)
{
	uint32_t frames[LIVE_FRAMES];
	struct box_site site;
	struct box_frame frame;

	if (!reference || reference == BOX_NONE || !region_at(peek, BOX_SITES, reference * 8ull, &site, sizeof site))
		return;
	if (site.frame_count > LIVE_FRAMES)
		site.frame_count = LIVE_FRAMES;
	if (!region_at(peek, BOX_SITES, reference * 8ull + sizeof site, frames, site.frame_count * sizeof *frames))
		return;
	for (int i = 0; i < site.frame_count; i++) {
		if (!region_at(peek, BOX_FRAMES, frames[i] * (uint64_t)sizeof frame, &frame, sizeof frame))
			return;
		string_at(peek, frame.file, out->frames[i].file, sizeof out->frames[i].file);
		string_at(peek, frame.function, out->frames[i].function, sizeof out->frames[i].function);
		out->frames[i].line = frame.line;
		out->frame_count++;
	}
}

/* What a thread's newest chunk tells: the outermost operation that is open, else the last that ended. */
struct moment { bool any, open; struct box_start start; uint64_t ticks; };

static void
chunk_moment(struct peek *peek, const uint8_t *data, uint32_t used, struct moment *moment)
{
	struct box_chunk_copy copy = { .chunk = (const struct box_chunk *)data, .data = data, .bytes = used };
	struct box_reader *reader = calloc(1, sizeof *reader);
	struct entered { struct box_start start; uint64_t ticks; } stack[STACK_MOST] = { 0 }, last = { 0 };
	const struct box_record *record;
	uint32_t offset = sizeof(struct box_chunk), depth = 0;

	*moment = (struct moment){ 0 };
	if (!reader)
		return;
	reader->header = peek->header;
	while ((record = box_read_next_record(reader, &copy, &offset))) {
		uint64_t ticks = copy.chunk->base_ticks + ((uint64_t)record->ticks << BOX_TICK_SHIFT);

		if (record->kind == BOX_RECORD_START) {
			memcpy(&last.start, record, sizeof last.start);
			last.ticks = ticks;
			depth = last.start.depth < depth ? last.start.depth : depth;
			if (depth < STACK_MOST)
				stack[depth++] = last;
			moment->any = true;
		} else if (record->kind == BOX_RECORD_END) {
			uint16_t level = ((const struct box_end *)record)->depth;

			if (level < depth) {
				last.start = stack[level].start;
				depth = level;
			}
			last.ticks = ticks;
		}
	}
	free(reader);
	moment->open = depth > 0;
	moment->start = depth > 0 ? stack[0].start : last.start;
	moment->ticks = depth > 0 ? stack[0].ticks : last.ticks;
}

/* Does MOMENT tell that its thread waits for other ranks? */
static bool
moment_waits(const struct peek *peek, const struct moment *moment)
{
	char name[128];

	operation_at(peek, &moment->start, name, sizeof name);
	return fingerprint_waits(name);
}

/* The chunk that a thread wrote to last: of the main thread, or of another that was heard of later and is inside an operation, or went
 * into a collective last (the engine that runs backward, while the main thread waits for it). */
static void
process_peek(struct peek *peek, struct live_process *out)
{
	struct newest { struct box_chunk chunk; uint64_t at; } threads[64];
	int count = 0, best = -1;
	struct moment found = { 0 };
	uint64_t found_ns = 0;

	for (uint32_t i = 0; i < peek->header.chunk_count && i < CHUNKS_MOST; i++) {
		uint64_t at = peek->header.regions[BOX_CHUNKS].offset_bytes + (uint64_t)i * peek->header.chunk_bytes;
		struct box_chunk chunk;
		int t = 0;

		if (!bytes_at(peek, &chunk, sizeof chunk, at) || chunk.state == BOX_CHUNK_FREE)
			continue;
		while (t < count && threads[t].chunk.thread != chunk.thread)
			t++;
		if (t == count && count < (int)(sizeof threads / sizeof threads[0]))
			threads[count++] = (struct newest){ chunk, at };
		else if (t < count && threads[t].chunk.sequence < chunk.sequence)
			threads[t] = (struct newest){ chunk, at };
	}
	for (int t = 0; t < count; t++) {
		uint32_t size = threads[t].chunk.used_bytes < peek->header.chunk_bytes ? threads[t].chunk.used_bytes : peek->header.chunk_bytes;
		uint8_t *data = size > sizeof(struct box_chunk) ? malloc(size) : NULL;
		bool is_main = threads[t].chunk.os_thread == peek->header.pid;
		struct moment moment;
		uint64_t ns;

		if (!data || !bytes_at(peek, data, size, threads[t].at)) {
			free(data);
			continue;
		}
		chunk_moment(peek, data, size, &moment);
		ns = threads[t].chunk.base_unix_ns +
		     (uint64_t)((double)(moment.ticks - threads[t].chunk.base_ticks) /
				(peek->header.ticks_per_ns > 0 ? peek->header.ticks_per_ns : 1));
		if (moment.any && (best < 0 || (is_main && !(found_ns > ns && (found.open || moment_waits(peek, &found)))) || (!is_main && ns > found_ns && (moment.open || moment_waits(peek, &moment))))) {
			best = t;
			found = moment;
			found_ns = ns;
		}
		free(data);
	}
	if (best < 0)
		return;
	out->any = true;
	out->open = found.open;
	out->since_ns = (int64_t)found_ns;
	operation_at(peek, &found.start, out->operation, sizeof out->operation);
	frames_at(peek, found.start.site, out);
	group_at(peek, &found.start, out);
	out->groups = out->group ? groups_at(peek) : NULL;
}

/* What the name of a box's file tells: "rank3-worker-node-b-4711.at" or "rank3-node-b-4711.2.at". False: it is none. */
static bool
name_tells(const char *name, struct live_process *out)
{
	static const char worker[] = "worker-";
	char *host, *end;
	int used = 0;

	*out = (struct live_process){ .away = true, .world_size = -1, .step = -1 };
	if (sscanf(name, "rank%d-%n", &out->rank, &used) != 1 || !used)
		return false;
	snprintf(out->file, sizeof out->file, "%s", name);
	out->worker = strncmp(name + used, worker, strlen(worker)) == 0;
	host = strdup(name + used + (out->worker ? strlen(worker) : 0));
	end = host ? strrchr(host, '-') : NULL;
	if (end) {
		*end = '\0';
		out->pid = atoi(end + 1);
		snprintf(out->host, sizeof out->host, "%.*s", (int)sizeof out->host - 1, host);
	}
	free(host);
	return end != NULL;
}

/* A box that isn't where NAME says: of another host, which may run on, or of this one, where it has ended. */
static bool
box_away(const char *name, struct live_process *out)
{
	char here[sizeof out->host] = "";

	gethostname(here, sizeof here - 1);
	return name_tells(name, out) && strcmp(out->host, here) != 0;
}

/* Does a file NAME.at tell where the box NAME itself lies? Then the file is a copy. */
static bool
lies_apart(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof path, "%s/%.*s" BOX_PLACE_END, dir, (int)(strlen(name) - strlen(".box")), name) < (int)sizeof path &&
	       access(path, F_OK) == 0;
}

static bool
box_peek(const char *dir, const char *name, struct live_process *out)
{
	struct peek peek;
	struct error error;
	char *path = place_path(dir, name, &error);
	bool ok;

	if (!path)
		return false;
	ok = box_read_header(path, &peek.header, error.text, sizeof error.text);
	peek.descriptor = ok ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
	if (peek.descriptor < 0) {
		free(path);
		return false;
	}
	*out = (struct live_process){ .rank = peek.header.rank, .world_size = peek.header.world_size, .pid = peek.header.pid,
				      .worker = peek.header.origin == BOX_ORIGIN_FORKED, .step = (int64_t)(peek.header.step & INT64_MAX),
				      .events = (int64_t)(peek.header.events & INT64_MAX),
				      .running = box_is_live(&peek.header, path) && peek.header.state == BOX_STATE_RUNNING };
	snprintf(out->file, sizeof out->file, "%s", name);
	memcpy(out->host, peek.header.host, sizeof out->host - 1);
	process_peek(&peek, out);
	close(peek.descriptor);
	free(path);
	return true;
}

static int
live_order(const void *left, const void *right)
{
	const struct live_process *a = left, *b = right;

	if (a->worker != b->worker)
		return a->worker ? 1 : -1;
	return a->rank != b->rank ? (a->rank > b->rank) - (a->rank < b->rank) : (a->pid > b->pid) - (a->pid < b->pid);
}

static bool
name_ends(const char *name, const char *end)
{
	size_t size = strlen(name), n = strlen(end);

	return size > n && strcmp(name + size - n, end) == 0;
}

int
live_read(const char *dir, struct live_process **out, int *ended, struct error *error)
{
	struct live_process *list = NULL, *grown;
	int count = 0, room = 0;
	struct dirent *entry;
	DIR *stream = opendir(dir);

	*out = NULL;
	*ended = 0;
	if (!stream) {
		snprintf(error->text, sizeof error->text, "%.300s: %s", dir, strerror(errno));
		return -1;
	}
	while ((entry = readdir(stream))) {
		*ended += name_ends(entry->d_name, ".db");
		if (!name_ends(entry->d_name, BOX_PLACE_END) && (!name_ends(entry->d_name, ".box") || lies_apart(dir, entry->d_name)))
			continue;
		if (count == room) {
			room = room ? room * 2 : 16;
			grown = realloc(list, (size_t)room * sizeof *grown);
			if (!grown)
				break;
			list = grown;
		}
		count += box_peek(dir, entry->d_name, &list[count]) ||
			 (name_ends(entry->d_name, BOX_PLACE_END) && box_away(entry->d_name, &list[count]));
	}
	closedir(stream);
	if (count)
		qsort(list, (size_t)count, sizeof *list, live_order);
	*out = list;
	return count;
}

void
live_free(struct live_process *processes, int count)
{
	for (int i = 0; i < count; i++)
		free(processes[i].groups);
	free(processes);
}
