/*
 * What calls were like before, for the whole run: operations that ended well, counted by call site and by the sizes of
 * their operands (struct box_calls and struct box_history of schema/box.h).
 *
 * Everything lies in the box, so it survives whatever ends the process. Hot path: no malloc, no lock, no system call. A
 * call like one of late costs a look into one bucket; only one of another signature goes further. Each entry of BOX_CALLS
 * has one writing thread; in BOX_HISTORY a thread that finds an entry being written gives up after a moment, counted.
 */
#ifndef SHAPEBOX_LIBSHIM_HISTORY_H
#define SHAPEBOX_LIBSHIM_HISTORY_H

#include <stdint.h>

#include "dictionary.h"
#include "recorder.h"

/* Read the geometry of the box just opened. */
void history_open(void);

/* The calling thread's last calls go into BOX_HISTORY: thread number NUMBER is not used again. */
void history_thread_ended(uint32_t number);

/* The first entry of BOX_CALLS, and how many buckets follow it, less one. Written by history_open alone. */
extern struct box_calls *history_calls __attribute__((visibility("hidden")));
extern uint32_t history_mask __attribute__((visibility("hidden")));

/* One call of SIGNATURE from SITE, for which there is no entry in BUCKET. */
void history_missed(const struct recorder *recorder, struct box_calls *bucket, uint32_t site, uint32_t signature);

/* One call from SITE whose signature is not in the dictionary: WORD_COUNT WORDS (4-aligned) of VALUE_COUNT values. */
void history_unsigned(uint32_t site, uint32_t op, const void *words, uint32_t word_count, uint32_t value_count);

/* The bucket of calls of SIGNATURE from SITE by thread number NUMBER. */
static inline struct box_calls *
history_bucket(uint32_t number, uint32_t site, uint32_t signature)
{
	uint64_t key = (uint64_t)site << 32 | signature;

	return history_calls + (size_t)((uint32_t)(dictionary_mix(key, number) >> 40) & history_mask) * BOX_CALLS_BUCKET;
}

/* One more call of SIGNATURE (arguments) from SITE, whose bucket is BUCKET, has ended well. */
static inline void
history_call(const struct recorder *recorder, struct box_calls *bucket, uint32_t site, uint32_t signature)
{
	/* (Relaxed: another thread may be filling an entry of its own, which has never this one's number.) */
	for (uint32_t i = 0; i < BOX_CALLS_BUCKET; i++)
		if (__atomic_load_n(&bucket[i].signature, __ATOMIC_RELAXED) == signature && __atomic_load_n(&bucket[i].site, __ATOMIC_RELAXED) == site
		    && __atomic_load_n(&bucket[i].thread, __ATOMIC_RELAXED) == recorder->number) {
			uint64_t calls = __atomic_load_n(&bucket[i].calls, __ATOMIC_RELAXED);
			if (!calls)
				continue;
			__atomic_store_n(&bucket[i].calls, calls + 1, __ATOMIC_RELAXED);
			return;
		}
	history_missed(recorder, bucket, site, signature);
}

#endif
