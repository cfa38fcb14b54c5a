/*
 * Reading a box: opening, checking, copying out.
 *
 * A box is untrusted input, and may be written to while it is read. So nothing is mapped: what is needed is copied
 * into memory once (a file that shrinks meanwhile gives a short read, not SIGBUS), checked there, and handed out by
 * functions that refuse whatever lies outside its region. Chunks are copied before the dictionaries: an entry is
 * published before any record that refers to it, so every reference of a copied record is in the copied dictionary.
 *
 * Owned by the caller, single-threaded. Damage never stops the reading: it is described, counted, and left out.
 * Pointers handed out live until box_read_close.
 */
#ifndef SHAPEBOX_SCHEMA_BOX_READ_H
#define SHAPEBOX_SCHEMA_BOX_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "box.h"

#define BOX_DAMAGE_KEPT 16        /* descriptions kept; the rest is counted */
#define BOX_DAMAGE_TEXT_BYTES 160

/* A copied chunk: `bytes` bytes at `data`, the chunk header included. */
struct box_chunk_copy {
	const struct box_chunk *chunk; /* == data */
	const uint8_t *data;
	uint32_t bytes;                /* published when it was copied */
	uint32_t index;                /* place in the ring, or in its segment */
	uint32_t segment;              /* 0: the box itself */
};

struct box_reader {
	struct box_header header;      /* as it was after the chunks had been copied */
	uint8_t *regions[BOX_REGION_COUNT]; /* copies; NULL for BOX_CHUNKS */
	uint64_t region_bytes[BOX_REGION_COUNT]; /* usable bytes of each copy */
	struct box_chunk_copy *chunks; /* by thread, then by sequence */
	uint32_t chunk_count;
	uint64_t file_bytes;           /* that are there */
	uint64_t copied_bytes;         /* of chunks */
	double ticks_per_ns;           /* the header's, refined by the chunks' clocks; > 0 */

	uint64_t damage_count;
	uint64_t unread;               /* of these, places that an error kept us from (EIO, too many files): not known to be lost */
	char damage[BOX_DAMAGE_KEPT][BOX_DAMAGE_TEXT_BYTES];

	int descriptor;                /* -1 once everything is copied */
};

/* Read the box at PATH into READER. On failure (not a box, a newer version, geometry that contradicts itself, out
 * of memory) fills ERROR with one line naming PATH, returns false and leaves nothing to close. */
bool box_read_open(struct box_reader *reader, const char *path, char *error, size_t error_room);
void box_read_close(struct box_reader *reader);

/* Read and check the header of PATH alone: cheap, to decide what to do with a box. Errors as box_read_open. */
bool box_read_header(const char *path, struct box_header *header, char *error, size_t error_room);

/* --keep all: the name of segment NUMBER (from 1) of the box at PATH; malloc'd, NULL without memory. */
char *box_read_segment_path(const char *path, uint32_t number);

/* Describe one damage (printf's rules). */
void box_read_damage(struct box_reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Dictionary entries; NULL for a reference that leads outside. The string has *SIZE bytes (at most 4096: the rest is
 * cut), is terminated only if not cut, and may hold any bytes. */
const char *box_read_string(const struct box_reader *reader, uint32_t reference, uint32_t *size);
const struct box_op *box_read_op(const struct box_reader *reader, uint32_t reference);
const struct box_frame *box_read_frame(const struct box_reader *reader, uint32_t reference);

/* Walk the heaps: the entry at *OFFSET_BYTES, whose reference is *OFFSET_BYTES / 8, then *OFFSET_BYTES moves on.
 * NULL at the end, or where the heap is damaged (described once). */
const struct box_signature *box_read_next_signature(struct box_reader *reader, uint64_t *offset_bytes);
const struct box_site *box_read_next_site(struct box_reader *reader, uint64_t *offset_bytes);
const struct box_history *box_read_next_history(struct box_reader *reader, uint64_t *offset_bytes);

/* Note slot INDEX if it is ready and its text lies inside; NULL otherwise. */
const struct box_note *box_read_note(struct box_reader *reader, uint32_t index);
uint32_t box_read_note_slots(const struct box_reader *reader);

/* The record at *OFFSET of CHUNK (start with sizeof(struct box_chunk)), checked to lie inside and to be long enough
 * for its kind; *OFFSET moves on. NULL at the end or at damage (described once; the rest is skipped). */
const struct box_record *box_read_next_record(struct box_reader *reader, const struct box_chunk_copy *chunk,
					      uint32_t *offset);

/* BOX_CUDA_KINDS and BOX_CUDA_COUNTS, by number: enum box_cuda_class, names. */
extern const uint8_t box_cuda_classes[BOX_CUDA_KIND_COUNT];
extern const char *const box_cuda_kind_names[BOX_CUDA_KIND_COUNT];
extern const char *const box_cuda_count_names[BOX_CUDA_COUNT_COUNT];

/* Names of the losses and checks (BOX_LOSSES, BOX_CHECKS), by number. */
extern const char *const box_loss_names[BOX_LOSS_COUNT];
extern const char *const box_loss_texts[BOX_LOSS_COUNT];
extern const char *const box_check_names[BOX_CHECK_COUNT];
extern const char *const box_check_texts[BOX_CHECK_COUNT];

#endif
