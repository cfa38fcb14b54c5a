/*
 * Fingerprints: numbers that are equal where the text behind them is equal, in every process and on every host.
 *
 * Made by the fold and, of whole steps, while recording (libshim/steps.h); compared by `shapebox diff`. Nothing in them depends on an address, a reference into a box, a rank or
 * a clock: names, call sites (the last parts of a file's path, function, line), sizes, dtypes, and devices by their role.
 *
 * Runs of operations are fingerprinted by polynomials, so that a run's number follows from its parts':
 * fingerprint_join(a, b, number of operations in b).
 */
#ifndef SHAPEBOX_SCHEMA_FINGERPRINT_H
#define SHAPEBOX_SCHEMA_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "box.h"

#define FINGERPRINT_BLOCK_EVENTS 512u /* operations of one thread and step that make a block */

/* A block's four numbers, each a polynomial over its operations. */
struct fingerprint {
	uint64_t control;    /* operations and their call sites */
	uint64_t kinds;      /* and each operand's dtype, device's role, layout, kind */
	uint64_t content;    /* and all sizes and other recorded values */
	uint64_t collective; /* of its collectives alone: what must agree between ranks; COLLECTIVES of them */
};

/* One signature's share of them. */
struct fingerprint_signature {
	uint64_t operation;  /* name and overload */
	uint64_t kinds, content;
	uint64_t collective; /* 0: not a collective */
	bool message;        /* sends or receives from one to one */
	uint32_t group_size; /* ranks of its group, if it is a collective or a message; 0: not recorded */
	uint32_t group;      /* the recorder's number of that group; 0: not known */
};

/* What a device is to the process that used it. OWN: index of its own accelerator, -1 if not known. */
enum fingerprint_device { DEVICE_CPU, DEVICE_META, DEVICE_OWN, DEVICE_OTHER };
enum fingerprint_device fingerprint_device(unsigned type, int index, int own);

#define FINGERPRINT_BASE 0x9e3779b97f4a7c15ull /* of the polynomials; odd: powers of it never vanish */

uint64_t fingerprint_mix(uint64_t hash, uint64_t more);
uint64_t fingerprint_bytes(uint64_t hash, const void *bytes, size_t size);
/* FILE's last two parts, FUNCTION and LINE. */
uint64_t fingerprint_frame(const char *file, size_t file_size, const char *function, size_t function_size, int line);
uint64_t fingerprint_join(uint64_t left, uint64_t right, uint64_t right_count);
/* LEFT, then RIGHT: as if they had been one. */
struct box_step_print fingerprint_steps_join(const struct box_step_print *left, const struct box_step_print *right);

/* The signature WORDS (untrusted) of an operation NAME.OVERLOAD with its declared ARGUMENTS, comma-separated. */
struct fingerprint_signature fingerprint_signature(const char *name, size_t name_size, const char *overload,
						   size_t overload_size, const char *arguments, size_t arguments_size,
						   bool outputs, const uint64_t *words, uint64_t word_count,
						   uint32_t value_count, int own);

/* The set of accelerator indices (bit i: index i, below 64) that WORDS mention. */
uint64_t fingerprint_accelerators(const uint64_t *words, uint64_t word_count, uint32_t value_count);

/* Is operation NAME a collective (schema/collectives.def)? */
bool fingerprint_is_collective(const char *name);
/* Does a rank wait for others in operation NAME: a collective, or a message? */
bool fingerprint_waits(const char *name);

#endif
