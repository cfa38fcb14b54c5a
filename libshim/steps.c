/* Fingerprints of steps. See steps.h. */
#include <string.h>

#include "../schema/fingerprint.h"
#include "../schema/site.h"
#include "box.h"
#include "dictionary.h"
#include "operation.h"
#include "recorder.h"
#include "steps.h"

static uint64_t elsewhere; /* sum over what other threads ran of backward; only grows. Atomic */
static uint64_t told;      /* how much of it is in the entries */

/* An operation counts, of forward or a collective. */
static inline void
count(struct box_step_print *print, struct operation *facts, struct box_site *site, uint64_t number)
{
	uint32_t now = (uint32_t)shim_box.header->step + 1;

	print->operations++;
	print->control = print->control * FINGERPRINT_BASE + number;
	if (site->seen != now || facts->seen != now) {
		print->once += number;
		site->seen = facts->seen = now;
	}
}

static inline uint64_t
number_of(const struct operation *facts, const struct box_site *site)
{
	return dictionary_mix(site->print, facts->print);
}

void
steps_operation(struct recorder *recorder, struct operation *facts, uint32_t reference, bool grad, uint32_t sequence)
{
	static struct box_site nowhere;
	struct steps *own = &recorder->steps;
	struct box_site *site = reference && reference != BOX_NONE
				? (struct box_site *)((char *)box_region(BOX_SITES) + reference * 8ull) : &nowhere;

	if (own->held && sequence != own->sequence)
		count(&own->print, own->held, own->held_site, number_of(own->held, own->held_site));
	own->held = NULL;
	if (site->class & SITE_SHARDING)
		return;
	uint64_t number = number_of(facts, site);
	if (!own->main) {
		if (own->backward)
			__atomic_fetch_add(&elsewhere, number, __ATOMIC_RELAXED);
		return;
	}
	struct phase_facts asked = { .site = site->class, .backward_open = own->backward > 0,
				     .optimizer_open = recorder->optimizer != NULL, .grad = grad, .last_module = own->last_module };
	enum phase phase = phase_of(&asked);
	if (facts->collective) {
		own->print.collectives++;
		own->print.collective = own->print.collective * FINGERPRINT_BASE + number;
	}
	if (phase == PHASE_BACKWARD || phase == PHASE_OPTIMIZER) {
		own->print.rest += number;
	} else if (phase == PHASE_FORWARD || facts->collective) {
		count(&own->print, facts, site, number);
	} else if (phase == PHASE_OTHER && grad) {
		own->held = facts;
		own->held_site = site;
		own->sequence = sequence;
	}
	if ((phase == PHASE_FORWARD || phase == PHASE_EVAL) && !(site->class & SITE_NO_GRAD))
		own->last_module = phase;
}

/* --- the box's entries ------------------------------------------------------------------------ */

static inline uint64_t
capacity(void)
{
	return (shim_box.header->regions[BOX_STEPS].size_bytes - sizeof(struct box_steps)) / sizeof(struct box_step_print);
}

static void
halve(struct box_steps *all, uint64_t count)
{
	__atomic_store_n(&all->joining, 1, __ATOMIC_SEQ_CST);
	for (uint64_t i = 0; i < count / 2; i++)
		all->entries[i] = fingerprint_steps_join(&all->entries[2 * i], &all->entries[2 * i + 1]);
	memset(&all->entries[count / 2], 0, (count - count / 2) * sizeof all->entries[0]);
	all->width *= 2;
	__atomic_store_n(&all->joining, 0, __ATOMIC_SEQ_CST);
}

static void
put(uint64_t number, const struct box_step_print *print)
{
	struct box_steps *all = box_region(BOX_STEPS);
	uint64_t entries = capacity() & ~1ull;

	if (!all->width)
		all->width = 1;
	while (number / all->width >= entries)
		halve(all, entries);
	struct box_step_print *entry = &all->entries[number / all->width];
	*entry = fingerprint_steps_join(entry, print);
	__atomic_store_n(&all->steps, number + 1, __ATOMIC_RELEASE);
}

void
steps_end(struct recorder *recorder, uint64_t step)
{
	struct steps *own = &recorder->steps;
	uint64_t now = __atomic_load_n(&elsewhere, __ATOMIC_RELAXED);

	if (!own->main)
		return;
	own->print.rest += now - told;
	told = now;
	put(step - 1, &own->print);
	own->print = (struct box_step_print){ 0 };
}

uint64_t
steps_bytes(void)
{
	const struct box_steps *all = box_region(BOX_STEPS);
	uint64_t width = all->width ? all->width : 1;

	return sizeof *all + (all->steps + width - 1) / width * sizeof all->entries[0];
}
