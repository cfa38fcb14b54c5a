#include "box_read.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than any recorder makes; a box that claims more is not worth the memory it asks for. */
#define REGION_LIMIT_BYTES (1ull << 30)
#define CHUNKS_LIMIT_BYTES (1ull << 34)
#define SEGMENTS_LIMIT 65536u

static bool
fail(char *error, size_t room, const char *path, const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	snprintf(error, room, "%s: %s", path, text);
	return false;
}

void
box_read_damage(struct box_reader *reader, const char *format, ...)
{
	va_list arguments;

	if (reader->damage_count < BOX_DAMAGE_KEPT) {
		va_start(arguments, format);
		vsnprintf(reader->damage[reader->damage_count], BOX_DAMAGE_TEXT_BYTES, format, arguments);
		va_end(arguments);
	}
	reader->damage_count++;
}

/* WHAT (of that number) is there, perhaps, but an error kept us from it: another time it may be read. */
static void
unread(struct box_reader *reader, const char *what, uint32_t number)
{
	box_read_damage(reader, "%s %u: could not be read (%s): skipped", what, number, strerror(errno));
	reader->unread++;
}

/* Up to SIZE bytes at OFFSET; returns how many there were before the end of the file, -1 on an error. */
static int64_t
read_at(int descriptor, void *into, uint64_t size, uint64_t offset)
{
	uint64_t done = 0;

	while (done < size) {
		ssize_t n = pread(descriptor, (char *)into + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (uint64_t)n;
	}
	return (int64_t)done;
}

/* Does the header describe a file that this reader understands? SIZE bytes of it are there: of a copy that was broken off, or after a
 * power cut, fewer than it says. */
static bool
header_check(const struct box_header *header, uint64_t size, const char *path, char *error, size_t room)
{
	static const char *const names[BOX_REGION_COUNT] = {
		"strings", "operations", "signatures", "frames", "sites", "tensors", "changes", "calls", "history", "varied sizes",
		"fingerprints of steps", "notes", "CUDA counters", "live memory", "chunks"
	};

	if (size < header->file_bytes)
		size = header->file_bytes;
	if (header->header_bytes < sizeof *header || header->header_bytes > size)
		return fail(error, room, path, "damaged box: its header claims %u bytes", header->header_bytes);
	for (int i = 0; i < BOX_REGION_COUNT; i++) {
		const struct box_region *region = &header->regions[i];

		if (region->offset_bytes < header->header_bytes || region->offset_bytes > size ||
		    region->size_bytes > size - region->offset_bytes)
			return fail(error, room, path, "damaged box: its %s run past the end of the file", names[i]);
		if (region->offset_bytes % 8)
			return fail(error, room, path, "damaged box: its %s are not aligned", names[i]);
		if (i != BOX_CHUNKS && region->size_bytes > REGION_LIMIT_BYTES)
			return fail(error, room, path, "damaged box: its %s claim more than 1 GiB", names[i]);
	}
	if (header->chunk_bytes < 2 * sizeof(struct box_chunk) || (header->chunk_bytes & (header->chunk_bytes - 1)) ||
	    header->chunk_count > header->regions[BOX_CHUNKS].size_bytes / header->chunk_bytes)
		return fail(error, room, path, "damaged box: %u chunks of %u bytes do not fit into it",
			    header->chunk_count, header->chunk_bytes);
	if (header->note_count && (header->note_bytes <= sizeof(struct box_note) || header->note_bytes % 8 ||
				   header->note_count > header->regions[BOX_NOTES].size_bytes / header->note_bytes))
		return fail(error, room, path, "damaged box: %u notes of %u bytes do not fit into it",
			    header->note_count, header->note_bytes);
	return true;
}

static bool
header_read(int descriptor, struct box_header *header, const char *path, char *error, size_t room)
{
	struct stat status;
	int64_t n;

	if (fstat(descriptor, &status) != 0)
		return fail(error, room, path, "%s", strerror(errno));
	if (!S_ISREG(status.st_mode))
		return fail(error, room, path, "not a box (not a regular file)");
	memset(header, 0, sizeof *header);
	n = read_at(descriptor, header, sizeof *header, 0);
	if (n < 0)
		return fail(error, room, path, "%s", strerror(errno));
	if (n < (int64_t)sizeof header->magic || memcmp(header->magic, BOX_MAGIC, sizeof header->magic) != 0)
		return fail(error, room, path, "not a box (it does not begin as one)");
	if (header->version > BOX_VERSION)
		return fail(error, room, path, "a box of version %u: this shapebox reads versions up to %u",
			    header->version, BOX_VERSION);
	if (header->version && header->version < BOX_VERSION)
		return fail(error, room, path, "a box of version %u, of an older shapebox: this one reads version %u",
			    header->version, BOX_VERSION);
	if (header->version == 0 || n < (int64_t)sizeof *header)
		return fail(error, room, path, "damaged box: its header is cut short");
	return header_check(header, (uint64_t)status.st_size, path, error, room);
}

/* Opened without following into a FIFO or device that would block. */
static int
file_open(const char *path, char *error, size_t room)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (descriptor < 0)
		fail(error, room, path, "%s", strerror(errno));
	return descriptor;
}

bool
box_read_header(const char *path, struct box_header *header, char *error, size_t error_room)
{
	int descriptor = file_open(path, error, error_room);
	bool ok;

	if (descriptor < 0)
		return false;
	ok = header_read(descriptor, header, path, error, error_room);
	close(descriptor);
	return ok;
}

/* Where chunks are copied from: the box or one of its segments. */
struct chunk_source {
	int descriptor;
	uint64_t offset_bytes; /* of its first chunk */
	uint32_t segment;
};

/* Copy chunk INDEX. The writer may be reusing it: whatever changed its sequence number while it was copied is torn. */
static bool
chunk_copy(struct box_reader *reader, const struct chunk_source *from, uint32_t index, struct box_chunk_copy *out,
	   bool *torn)
{
	uint64_t offset = from->offset_bytes + (uint64_t)index * reader->header.chunk_bytes;
	struct box_chunk before, after;
	uint8_t *data;
	int64_t n;

	*torn = false;
	n = read_at(from->descriptor, &before, sizeof before, offset);
	if (n < 0)
		unread(reader, "chunk", index);
	if (n != sizeof before)
		return false;
	if (before.state == BOX_CHUNK_FREE || before.sequence == 0)
		return false;
	if (before.state > BOX_CHUNK_DONE || before.used_bytes < sizeof before ||
	    before.used_bytes > reader->header.chunk_bytes) {
		box_read_damage(reader, "chunk %u: state %u with %u bytes used: skipped", index, before.state,
				before.used_bytes);
		return false;
	}
	data = malloc(before.used_bytes);
	if (!data)
		return false;
	n = read_at(from->descriptor, data, before.used_bytes, offset);
	bool whole = n == (int64_t)before.used_bytes;
	if (whole)
		whole = (n = read_at(from->descriptor, &after, sizeof after, offset)) == sizeof after;
	if (n < 0)
		unread(reader, "chunk", index);
	else if (!whole)
		box_read_damage(reader, "chunk %u: the file ends inside it: skipped", index);
	if (!whole) {
		free(data);
		return false;
	}
	if (after.sequence != before.sequence || after.thread != before.thread ||
	    ((struct box_chunk *)data)->sequence != before.sequence) {
		*torn = true;
		free(data);
		return false;
	}
	*out = (struct box_chunk_copy){ (const struct box_chunk *)data, data, before.used_bytes, index, from->segment };
	reader->copied_bytes += before.used_bytes;
	return true;
}

static int
chunk_order(const void *left, const void *right)
{
	const struct box_chunk *a = ((const struct box_chunk_copy *)left)->chunk;
	const struct box_chunk *b = ((const struct box_chunk_copy *)right)->chunk;

	if (a->thread != b->thread)
		return a->thread < b->thread ? -1 : 1;
	if (a->sequence != b->sequence)
		return a->sequence < b->sequence ? -1 : 1;
	return 0;
}

/* All chunks of one file. False when memory is out. */
static bool
chunks_copy(struct box_reader *reader, const struct chunk_source *from)
{
	struct stat status = { .st_size = 0 };
	if (fstat(from->descriptor, &status) != 0)
		unread(reader, "the chunks of segment", from->segment);
	uint64_t there = (uint64_t)status.st_size > from->offset_bytes
				 ? ((uint64_t)status.st_size - from->offset_bytes) / reader->header.chunk_bytes + 1 : 0;
	uint32_t count = there < reader->header.chunk_count ? (uint32_t)there : reader->header.chunk_count;
	uint64_t room = (uint64_t)reader->chunk_count + count + 1;
	struct box_chunk_copy *grown = realloc(reader->chunks, room * sizeof *grown);

	if (!grown)
		return false;
	reader->chunks = grown;
	for (uint32_t i = 0; i < count; i++) {
		struct box_chunk_copy *copy = &reader->chunks[reader->chunk_count];
		bool torn;

		if (reader->copied_bytes > CHUNKS_LIMIT_BYTES) {
			box_read_damage(reader, "chunks after %u: more than 16 GiB: skipped", i);
			break;
		}
		/* A chunk that is reused while it is copied is most likely at rest the second time. */
		if (chunk_copy(reader, from, i, copy, &torn) || (torn && chunk_copy(reader, from, i, copy, &torn)))
			reader->chunk_count++;
	}
	return true;
}

char *
box_read_segment_path(const char *path, uint32_t number)
{
	char *text;

	return asprintf(&text, "%s.%u", path, number) < 0 ? NULL : text;
}

/* Does the segment belong to this box? What is wrong with it is described. */
static bool
segment_check(struct box_reader *reader, int descriptor, uint32_t number)
{
	struct box_segment segment;
	int64_t n = descriptor < 0 ? -1 : read_at(descriptor, &segment, sizeof segment, 0);

	if (n < 0 && errno != ENOENT) {
		unread(reader, "segment", number);
		return false;
	}
	if (n == sizeof segment && memcmp(segment.magic, BOX_SEGMENT_MAGIC, sizeof segment.magic) == 0 &&
	    segment.version == reader->header.version && segment.number == number &&
	    segment.pid == reader->header.pid && segment.start_unix_ns == reader->header.start_unix_ns &&
	    segment.chunk_bytes == reader->header.chunk_bytes && segment.chunk_count == reader->header.chunk_count)
		return true;
	box_read_damage(reader, "segment %u is missing or of another run: skipped", number);
	return false;
}

/* --keep all: what the ring went on in. A segment that is missing or another's is described and left out. */
static bool
segments_copy(struct box_reader *reader, const char *path)
{
	uint32_t count = reader->header.segments;
	bool ok = true;

	if (count > SEGMENTS_LIMIT) {
		box_read_damage(reader, "%u segments claimed: only the first %u are looked for", count, SEGMENTS_LIMIT);
		count = SEGMENTS_LIMIT;
	}
	for (uint32_t number = 1; ok && number <= count; number++) {
		struct chunk_source from = { -1, BOX_SEGMENT_HEADER_BYTES, number };
		char *name = box_read_segment_path(path, number);

		if (!name)
			return false;
		from.descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (segment_check(reader, from.descriptor, number))
			ok = chunks_copy(reader, &from);
		free(name);
		if (from.descriptor >= 0)
			close(from.descriptor);
	}
	return ok;
}

static bool
region_copy(struct box_reader *reader, int id, uint64_t wanted)
{
	const struct box_region *region = &reader->header.regions[id];
	int64_t n;

	if (wanted > region->size_bytes) {
		box_read_damage(reader, "region %d: %llu bytes used of %llu", id, (unsigned long long)wanted,
				(unsigned long long)region->size_bytes);
		wanted = region->size_bytes;
	}
	uint64_t there = reader->file_bytes > region->offset_bytes ? reader->file_bytes - region->offset_bytes : 0;
	if (wanted > there) {
		box_read_damage(reader, "region %d: the file ends %s it", id, there ? "inside" : "before");
		wanted = there;
	}
	reader->regions[id] = malloc(wanted ? wanted : 1);
	if (!reader->regions[id])
		return false;
	n = read_at(reader->descriptor, reader->regions[id], wanted, region->offset_bytes);
	if (n < 0)
		unread(reader, "region", (uint32_t)id);
	else if ((uint64_t)n != wanted)
		box_read_damage(reader, "region %d: the file ends inside it", id);
	reader->region_bytes[id] = n < 0 ? 0 : (uint64_t)n;
	return true;
}

static bool
regions_copy(struct box_reader *reader)
{
	const struct box_header *header = &reader->header;

	return region_copy(reader, BOX_STRINGS, header->regions[BOX_STRINGS].used_bytes) &&
	       region_copy(reader, BOX_OPS, (uint64_t)header->op_count * sizeof(struct box_op)) &&
	       region_copy(reader, BOX_SIGNATURES, header->regions[BOX_SIGNATURES].used_bytes) &&
	       region_copy(reader, BOX_FRAMES, (uint64_t)header->frame_count * sizeof(struct box_frame)) &&
	       region_copy(reader, BOX_SITES, header->regions[BOX_SITES].used_bytes) &&
	       region_copy(reader, BOX_TENSORS, header->regions[BOX_TENSORS].size_bytes) &&
	       region_copy(reader, BOX_CHANGES, header->regions[BOX_CHANGES].used_bytes) &&
	       region_copy(reader, BOX_CALLS, header->regions[BOX_CALLS].size_bytes) &&
	       region_copy(reader, BOX_HISTORY, header->regions[BOX_HISTORY].used_bytes) &&
	       region_copy(reader, BOX_VARIED, header->regions[BOX_VARIED].used_bytes) &&
	       region_copy(reader, BOX_STEPS, header->regions[BOX_STEPS].size_bytes) &&
	       region_copy(reader, BOX_NOTES, (uint64_t)header->note_count * header->note_bytes) &&
	       region_copy(reader, BOX_CUDA, header->regions[BOX_CUDA].size_bytes) &&
	       region_copy(reader, BOX_MEMORY, header->regions[BOX_MEMORY].size_bytes);
}

/* The event clock's rate. The header's was measured over milliseconds; two chunks far apart tell it better, unless
 * the wall clock was set in between. */
static double
rate_refine(const struct box_reader *reader)
{
	double rate = reader->header.ticks_per_ns;
	uint64_t last_ticks = 0, last_ns = 0;

	if (!isfinite(rate) || rate < 1e-3 || rate > 1e3)
		rate = 1.0;
	for (uint32_t i = 0; i < reader->chunk_count; i++) {
		if (reader->chunks[i].chunk->base_ticks > last_ticks) {
			last_ticks = reader->chunks[i].chunk->base_ticks;
			last_ns = reader->chunks[i].chunk->base_unix_ns;
		}
	}
	if (last_ticks > reader->header.start_ticks && last_ns > reader->header.start_unix_ns + 100000000u) {
		double refined = (double)(last_ticks - reader->header.start_ticks) /
				 (double)(last_ns - reader->header.start_unix_ns);

		if (refined > rate * 0.98 && refined < rate * 1.02)
			rate = refined;
	}
	return rate;
}

bool
box_read_open(struct box_reader *reader, const char *path, char *error, size_t error_room)
{
	struct chunk_source ring;
	struct box_header again;
	struct stat status;
	bool ok = false;

	memset(reader, 0, sizeof *reader);
	reader->descriptor = file_open(path, error, error_room);
	if (reader->descriptor < 0)
		return false;
	if (!header_read(reader->descriptor, &reader->header, path, error, error_room))
		goto out;
	if (fstat(reader->descriptor, &status) != 0) {
		fail(error, error_room, path, "%s", strerror(errno));
		goto out;
	}
	reader->file_bytes = (uint64_t)status.st_size;
	if (reader->file_bytes < reader->header.file_bytes)
		box_read_damage(reader, "the file ends at byte %llu of %llu: what lay behind is lost", (unsigned long long)reader->file_bytes,
				(unsigned long long)reader->header.file_bytes);
	ring = (struct chunk_source){ reader->descriptor, reader->header.regions[BOX_CHUNKS].offset_bytes, 0 };
	if (!chunks_copy(reader, &ring) || !segments_copy(reader, path))
		goto memory;
	qsort(reader->chunks, reader->chunk_count, sizeof *reader->chunks, chunk_order);
	/* Again: counters that were published while the chunks were copied. The geometry must not have moved. */
	if (!header_read(reader->descriptor, &again, path, error, error_room))
		goto out;
	reader->header = again;
	if (!regions_copy(reader))
		goto memory;
	reader->ticks_per_ns = rate_refine(reader);
	ok = true;
	goto out;
memory:
	fail(error, error_room, path, "not enough memory to read it");
out:
	close(reader->descriptor);
	reader->descriptor = -1;
	if (!ok)
		box_read_close(reader);
	return ok;
}

void
box_read_close(struct box_reader *reader)
{
	for (uint32_t i = 0; i < reader->chunk_count; i++)
		free((void *)reader->chunks[i].data);
	free(reader->chunks);
	for (int i = 0; i < BOX_REGION_COUNT; i++)
		free(reader->regions[i]);
	memset(reader, 0, sizeof *reader);
	reader->descriptor = -1;
}
