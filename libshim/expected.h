/*
 * Operations of late, in the order in which they came: what each was found to be in the dictionaries, and which one followed it.
 *
 * A program repeats itself. So where an operation's key (values_key) and its call site are those of the one that followed its predecessor the
 * last time, its signature, its outputs' and the bucket of its calls are known without a look into tables that everything else has driven out
 * of the caches; and which line is asked next is known an operation ahead. A guess is never believed: whatever is taken from here stands beside
 * the key and the site for which it was found, in full, and what a key means never changes while a box lasts. Of one thread; cleared when another
 * takes over its recorder. Hot path.
 */
#ifndef SHAPEBOX_LIBSHIM_EXPECTED_H
#define SHAPEBOX_LIBSHIM_EXPECTED_H

#include <stdbool.h>
#include <stdint.h>

#include "frames_site.h"

#define EXPECTED_COUNT 4096  /* 64 bytes each, in use from the first on */
#define EXPECTED_PLACES 8192 /* a power of two */
#define EXPECTED_RENEW 8     /* where all are in use, one of so many that weren't found takes the place of another */

struct expected {
	uint64_t key;             /* of its operands; 0: none yet */
	uint64_t output_key;
	struct box_calls *calls;  /* history_bucket of these */
	struct frames_found from; /* where it is called */
	uint32_t signature, output_signature;
	uint32_t next;            /* the number of the one that followed */
} __attribute__((aligned(64)));

struct expected_order {
	struct expected at[EXPECTED_COUNT];
	uint16_t places[EXPECTED_PLACES]; /* numbers by key and site */
	uint32_t count;           /* in use beside the first, which is for whatever has no other; 0: nothing in here but zeros */
	uint32_t missed;
	uint32_t last;            /* the number of the operation before */
	uint32_t guess;           /* that of the next, if all is as it was */
};

static inline bool
expected_is(const struct expected *expected, uint64_t key, uint32_t site)
{
	return expected->key == key && expected->from.site == site;
}

/* A number for KEY from SITE, which isn't the one that was guessed: its own, or (expected_is tells) one that it may have. */
static inline uint32_t
expected_number(struct expected_order *order, uint64_t key, uint32_t site)
{
	uint16_t *place = &order->places[(uint32_t)((key + site * 0x9e3779b97f4a7c15ull) >> 20) & (EXPECTED_PLACES - 1)];

	if (expected_is(&order->at[*place], key, site))
		return *place;
	if (order->count < EXPECTED_COUNT - 1)
		*place = (uint16_t)++order->count;
	else if (++order->missed % EXPECTED_RENEW == 0)
		*place = (uint16_t)(1 + order->missed / EXPECTED_RENEW % (EXPECTED_COUNT - 1));
	else
		return 0;
	return *place;
}

/* Where an operation of KEY from SITE is, or (expected_is tells) may be put. */
static inline struct expected *
expected_find(struct expected_order *order, uint64_t key, uint32_t site)
{
	if (__builtin_expect(!expected_is(&order->at[order->guess], key, site), 0)) {
		order->guess = expected_number(order, key, site);
		order->at[order->last].next = order->guess;
	}
	struct expected *found = &order->at[order->guess];
	order->last = order->guess;
	order->guess = found->next;
	__builtin_prefetch(&order->at[order->guess]);
	return found;
}

#endif
