/* See copy.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "box.h"
#include "clock.h"
#include "copy.h"
#include "place.h"
#include "recorder.h"
#include "steps.h"

#define PIECE_BYTES (256u << 10)

/* A chunk as it was when the copy began: what it refers to is in dictionaries that are copied later. */
struct picked { struct box_chunk *chunk; uint64_t sequence; uint32_t used; };

struct copy {
	int fd;
	uint64_t at;          /* where the next region begins */
	uint64_t budget;      /* bytes that may still be written */
	uint64_t deadline_ns;
	bool whole, failed;
	struct box_header header;
	struct picked *picked;
	uint32_t picked_count, copied_count;
};

static bool
copy_late(const struct copy *copy)
{
	return clock_unix_ns() > copy->deadline_ns;
}

/* False where that can't be done, or not in time. */
static bool
write_at(struct copy *copy, const void *data, uint64_t size, uint64_t offset)
{
	for (uint64_t done = 0; done < size;) {
		uint64_t piece = size - done < PIECE_BYTES ? size - done : PIECE_BYTES;
		ssize_t written = pwrite(copy->fd, (const char *)data + done, piece, (off_t)(offset + done));
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0 || copy_late(copy))
			return false;
		done += (uint64_t)written;
	}
	copy->budget -= size < copy->budget ? size : copy->budget;
	return true;
}

static void
region_begin(struct copy *copy, enum box_region_id id)
{
	copy->at = (copy->at + 7) & ~7ull;
	copy->header.regions[id] = (struct box_region){ copy->at, 0, 0 };
}

static void
region_add(struct copy *copy, enum box_region_id id, const void *data, uint64_t size)
{
	if (!copy->failed && !write_at(copy, data, size, copy->at))
		copy->failed = true;
	copy->at += size;
	copy->header.regions[id].size_bytes += size;
	copy->header.regions[id].used_bytes += size;
}

/* SIZE bytes from the beginning of region ID. */
static void
copy_region(struct copy *copy, enum box_region_id id, uint64_t size)
{
	uint64_t most = shim_box.header->regions[id].size_bytes;

	region_begin(copy, id);
	region_add(copy, id, box_region(id), size < most ? size : most);
}

static uint64_t
used_of(enum box_region_id id)
{
	return __atomic_load_n(&shim_box.header->regions[id].used_bytes, __ATOMIC_ACQUIRE);
}

/* Where the signature at OFFSET or the first behind it begins. */
static uint64_t
signature_from(uint64_t offset, uint64_t used)
{
	uint64_t at = 0;

	while (at < offset && at < used)
		at += sizeof(struct box_signature)
		      + 8ull * ((const struct box_signature *)((char *)box_region(BOX_SIGNATURES) + at))->word_count;
	return at < used ? at : used;
}

/* Signatures are named by their place, so what is left out between the first and the newest stays as a hole in one empty entry. */
static void
copy_signatures(struct copy *copy)
{
	struct box_signature gap = { .op = 0, .flags = BOX_SIGNATURE_OUTPUT };
	const char *region = box_region(BOX_SIGNATURES);
	uint64_t used = used_of(BOX_SIGNATURES), first, last;

	if (copy->whole || used <= COPY_SIGNATURE_BYTES) {
		copy_region(copy, BOX_SIGNATURES, used);
		return;
	}
	first = signature_from(COPY_SIGNATURE_BYTES / 4, used);
	last = signature_from(used - COPY_SIGNATURE_BYTES * 3 / 4, used);
	gap.word_count = (uint32_t)((last - first - sizeof gap) / 8);
	region_begin(copy, BOX_SIGNATURES);
	region_add(copy, BOX_SIGNATURES, region, first);
	region_add(copy, BOX_SIGNATURES, &gap, sizeof gap);
	copy->at += last - first - sizeof gap;
	copy->header.regions[BOX_SIGNATURES].size_bytes += last - first - sizeof gap;
	copy->header.regions[BOX_SIGNATURES].used_bytes += last - first - sizeof gap;
	region_add(copy, BOX_SIGNATURES, region + last, used - last);
}

/* The entries of table ID that are not all zero. Nobody who reads a table asks for an entry's place. */
static void
copy_table(struct copy *copy, enum box_region_id id, uint32_t entry_bytes, uint64_t most)
{
	const char *at = box_region(id), *end = at + shim_box.header->regions[id].size_bytes / entry_bytes * entry_bytes;
	static char buffer[64 * 96];
	uint32_t held = 0;

	region_begin(copy, id);
	for (; at < end && copy->header.regions[id].size_bytes + held + entry_bytes <= most; at += entry_bytes) {
		bool zero = !*at && !memcmp(at, at + 1, entry_bytes - 1);
		if (zero)
			continue;
		memcpy(buffer + held, at, entry_bytes);
		held += entry_bytes;
		if (held + entry_bytes > sizeof buffer) {
			region_add(copy, id, buffer, held);
			held = 0;
		}
	}
	region_add(copy, id, buffer, held);
}

/* A heap or array of the whole run, if MOST bytes are enough for it: references lead into it. */
static void
copy_array(struct copy *copy, enum box_region_id id, uint64_t most)
{
	uint64_t used = used_of(id);

	copy_region(copy, id, used <= most ? used : 0);
}

static void
copy_whole_run(struct copy *copy)
{
	uint64_t left = copy->whole ? UINT64_MAX : COPY_TABLE_BYTES;
	const struct box_region *regions = copy->header.regions;

	copy_array(copy, BOX_CHANGES, left);
	left -= regions[BOX_CHANGES].size_bytes;
	copy_table(copy, BOX_TENSORS, sizeof(struct box_tensor), left);
	left -= regions[BOX_TENSORS].size_bytes;
	copy_array(copy, BOX_VARIED, left);
	left -= regions[BOX_VARIED].size_bytes;
	copy_array(copy, BOX_HISTORY, left);
	left -= regions[BOX_HISTORY].size_bytes;
	copy_table(copy, BOX_CALLS, sizeof(struct box_calls), left);
	left -= regions[BOX_CALLS].size_bytes;
	copy_table(copy, BOX_MEMORY, sizeof(struct box_memory), left);
	copy_region(copy, BOX_STEPS, steps_bytes());
	copy_region(copy, BOX_CUDA, shim_box.header->regions[BOX_CUDA].size_bytes);
}

/* The notes that are ready, in slots as large as the longest needs. */
static void
copy_notes(struct copy *copy)
{
	const struct box_header *header = shim_box.header;
	const char *slots = box_region(BOX_NOTES);
	uint32_t longest = 0, count = 0;

	for (uint32_t pass = 0; pass < 2; pass++) {
		if (pass)
			region_begin(copy, BOX_NOTES);
		for (uint32_t i = 0; i < header->note_count; i++) {
			const struct box_note *note = (const struct box_note *)(slots + (uint64_t)i * header->note_bytes);
			uint32_t size = (uint32_t)sizeof *note + note->size_bytes;
			if (__atomic_load_n(&note->state, __ATOMIC_ACQUIRE) != 2 || size > header->note_bytes)
				continue;
			if (!pass && size > longest)
				longest = (size + 8) & ~7u;
			if (!pass || size > longest)
				continue;
			region_add(copy, BOX_NOTES, note, size);
			copy->at = copy->header.regions[BOX_NOTES].offset_bytes + (uint64_t)++count * longest;
		}
	}
	copy->header.regions[BOX_NOTES].size_bytes = (uint64_t)count * longest;
	copy->header.regions[BOX_NOTES].used_bytes = 0;
	copy->header.note_bytes = longest;
	copy->header.note_count = count;
}

/* --- chunks ----------------------------------------------------------------------------------- */

/* Chunks that threads are writing to (OPEN; an idle one's may be old), or those that are done. */
static void
pick_chunks(struct copy *copy, bool open)
{
	uint64_t next = __atomic_load_n(&shim_box.header->next_chunk, __ATOMIC_ACQUIRE);
	uint32_t most = shim_box.header->chunk_count, opened = open ? 0 : copy->picked_count;

	for (uint64_t sequence = next; sequence > 0 && next - sequence < most && copy->picked_count < most; sequence--) {
		struct box_chunk *chunk = recorder_chunk(sequence - 1);
		bool known = open != (__atomic_load_n(&chunk->state, __ATOMIC_ACQUIRE) == BOX_CHUNK_OPEN);
		uint64_t found = __atomic_load_n(&chunk->sequence, __ATOMIC_ACQUIRE);
		uint32_t used = __atomic_load_n(&chunk->used_bytes, __ATOMIC_ACQUIRE);
		for (uint32_t i = 0; i < opened; i++)
			known = known || copy->picked[i].sequence == sequence;
		if (!known && found == sequence && used > sizeof *chunk && used <= shim_box.header->chunk_bytes)
			copy->picked[copy->picked_count++] = (struct picked){ chunk, sequence, used };
	}
}

static void
copy_chunks(struct copy *copy)
{
	uint32_t chunk_bytes = shim_box.header->chunk_bytes;

	region_begin(copy, BOX_CHUNKS);
	for (uint32_t i = 0; !copy->failed && i < copy->picked_count && copy->picked[i].used <= copy->budget; i++) {
		const struct picked *picked = &copy->picked[i];
		struct box_chunk head = *picked->chunk;
		uint64_t at = copy->at + (uint64_t)copy->copied_count * chunk_bytes;
		head.sequence = picked->sequence;
		head.used_bytes = picked->used;
		if (!write_at(copy, &head, sizeof head, at)
		    || !write_at(copy, picked->chunk + 1, picked->used - sizeof head, at + sizeof head))
			break;
		/* Taken for newer operations meanwhile: its place goes to the next one. */
		if (__atomic_load_n(&picked->chunk->sequence, __ATOMIC_ACQUIRE) == picked->sequence)
			copy->copied_count++;
	}
	copy->header.chunk_count = copy->copied_count;
	copy->header.regions[BOX_CHUNKS].size_bytes = (uint64_t)copy->copied_count * chunk_bytes;
	copy->at += copy->header.regions[BOX_CHUNKS].size_bytes;
}

/* --- the file ---------------------------------------------------------------------------------- */

static void
copy_fill(struct copy *copy)
{
	const struct box_header *header = shim_box.header;
	uint64_t size = header->chunk_count * sizeof *copy->picked;

	copy->header = *header;
	copy->at = BOX_HEADER_BYTES;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		copy->failed = true;
		return;
	}
	copy->picked = memory;
	box_hold_segments(true);
	pick_chunks(copy, true);
	pick_chunks(copy, false);
	copy_notes(copy);
	copy_region(copy, BOX_STRINGS, used_of(BOX_STRINGS));
	copy->header.op_count = __atomic_load_n(&header->op_count, __ATOMIC_ACQUIRE);
	copy_region(copy, BOX_OPS, copy->header.op_count * sizeof(struct box_op));
	copy->header.frame_count = __atomic_load_n(&header->frame_count, __ATOMIC_ACQUIRE);
	copy_region(copy, BOX_FRAMES, copy->header.frame_count * sizeof(struct box_frame));
	copy_region(copy, BOX_SITES, used_of(BOX_SITES));
	copy_signatures(copy);
	copy_whole_run(copy);
	copy_chunks(copy);
	box_hold_segments(false);
	munmap(memory, size);
	if (copy->copied_count < copy->picked_count)
		copy->header.lost[BOX_LOSS_COPIED_PART] += copy->picked_count - copy->copied_count;
	copy->header.segments = 0;
	copy->header.file_bytes = copy->at;
	copy->deadline_ns = UINT64_MAX; /* as far as it came, it is good */
	if (ftruncate(copy->fd, (off_t)copy->at) || !write_at(copy, &copy->header, sizeof copy->header, 0))
		copy->failed = true;
}

static bool
copy_make(bool whole)
{
	static int32_t busy; /* the process that copies: a child forked meanwhile is free */
	char path[PATH_MAX], part[PATH_MAX + 8];
	struct copy copy = { .budget = whole ? UINT64_MAX : COPY_EVIDENCE_BYTES - BOX_HEADER_BYTES, .whole = whole };
	sigset_t limit_signal, before;
	struct timespec at_once = { 0, 0 };
	int32_t self = getpid(), other = __atomic_load_n(&busy, __ATOMIC_RELAXED);

	if (snprintf(path, sizeof path, "%s/%s.box", place.directory, place.stem) >= (int)sizeof path
	    || other == self || !__atomic_compare_exchange_n(&busy, &other, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	snprintf(part, sizeof part, "%s.part", path);
	copy.deadline_ns = clock_unix_ns() + (whole ? COPY_ALL_NS : COPY_EVIDENCE_NS);
	copy.fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (copy.fd >= 0) {
		sigemptyset(&limit_signal); /* as in place.c */
		sigaddset(&limit_signal, SIGXFSZ);
		pthread_sigmask(SIG_BLOCK, &limit_signal, &before);
		copy_fill(&copy);
		if (copy.failed && !sigismember(&before, SIGXFSZ))
			sigtimedwait(&limit_signal, NULL, &at_once);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		if (close(copy.fd) || copy.failed || rename(part, path)) {
			copy.failed = true;
			unlink(part);
		}
	}
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
	return copy.fd >= 0 && !copy.failed;
}

void
copy_evidence(bool fatal)
{
	static uint64_t last_ns, cost_ns; /* a race between threads costs a copy more or less */
	uint64_t now = clock_unix_ns();
	int saved_errno = errno;

	if (!shim_box.base || !place.apart || (!fatal && last_ns && now - last_ns < 100 * cost_ns))
		return;
	copy_make(false);
	last_ns = clock_unix_ns();
	cost_ns = last_ns - now;
	errno = saved_errno;
}

void
copy_all(void)
{
	static int32_t done_pid; /* the last words may come twice: an exit handler, then _exit */

	if (!shim_box.base || !place.apart || done_pid == shim_box.header->pid || !copy_make(true))
		return;
	done_pid = shim_box.header->pid;
	if (place.box[0] && !shim_box.header->segments)
		place_remove(place.directory, place.stem, place.box, 0, true);
}
