/* Dictionaries of the box and their indexes. See dictionary.h. */
#include <string.h>
#include <sys/mman.h>

#include "box.h"
#include "dictionary.h"

#define PROBES 64

struct dictionary_index dictionary_signatures, dictionary_sites;
static struct dictionary_index strings, ops, frames, histories;
static uint32_t *seen; /* hashes of signatures met once, when the dictionary is half full */
#define SEEN_MASK 0xffffu

static bool
index_open(struct dictionary_index *index, uint64_t entries)
{
	uint32_t count = 1024;

	while (count < entries && count < 1u << 22)
		count *= 2;
	if (index->slots)
		munmap(index->slots, (index->mask + 1ull) * sizeof(struct dictionary_slot));
	void *memory = mmap(NULL, count * sizeof(struct dictionary_slot), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	index->slots = memory == MAP_FAILED ? NULL : memory;
	index->mask = count - 1;
	return index->slots != NULL;
}

static uint64_t
region_size(enum box_region_id id)
{
	return shim_box.header->regions[id].size_bytes;
}

bool
dictionary_open(void)
{
	if (!seen) {
		void *memory = mmap(NULL, (SEEN_MASK + 1) * sizeof *seen, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		seen = memory == MAP_FAILED ? NULL : memory;
	}
	return seen && index_open(&strings, region_size(BOX_STRINGS) / 16)
	       && index_open(&ops, 2 * region_size(BOX_OPS) / sizeof(struct box_op))
	       && index_open(&frames, 2 * region_size(BOX_FRAMES) / sizeof(struct box_frame))
	       && index_open(&dictionary_sites, region_size(BOX_SITES) / 32)
	       && index_open(&dictionary_signatures, region_size(BOX_SIGNATURES) / 64)
	       && index_open(&histories, region_size(BOX_HISTORY) / 48);
}

/* The value of KEY, or BOX_NONE. */
static inline uint32_t
index_find(const struct dictionary_index *index, uint64_t key)
{
	for (uint32_t i = (uint32_t)(key >> 20), n = 0; n < PROBES; i++, n++) {
		const struct dictionary_slot *slot = &index->slots[i & index->mask];
		uint64_t found = __atomic_load_n(&slot->key, __ATOMIC_RELAXED);
		if (!found)
			return BOX_NONE;
		if (found == key) {
			uint32_t value = __atomic_load_n(&slot->value, __ATOMIC_ACQUIRE);
			return value ? value - 1 : BOX_NONE;
		}
	}
	return BOX_NONE;
}

/* Remember VALUE under KEY; forgotten silently if the neighbourhood is full (it is then stored twice). */
static void
index_add(struct dictionary_index *index, uint64_t key, uint32_t value)
{
	for (uint32_t i = (uint32_t)(key >> 20), n = 0; n < PROBES; i++, n++) {
		struct dictionary_slot *slot = &index->slots[i & index->mask];
		uint64_t expected = 0;
		if (__atomic_compare_exchange_n(&slot->key, &expected, key, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
		    || expected == key) {
			__atomic_store_n(&slot->value, value + 1, __ATOMIC_RELEASE); /* pairs with index_find */
			return;
		}
	}
}

/* A reader skips an entry whose own size field is still 0. */
uint64_t
dictionary_take(enum box_region_id id, uint64_t size)
{
	struct box_region *region = &shim_box.header->regions[id];
	uint64_t at = __atomic_load_n(&region->used_bytes, __ATOMIC_RELAXED);

	do {
		if (at + size > region->size_bytes)
			return UINT64_MAX;
	} while (!__atomic_compare_exchange_n(&region->used_bytes, &at, at + size, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	return at;
}

uint64_t
dictionary_hash(uint64_t seed, const uint64_t *words, size_t count)
{
	uint64_t a = seed, b = seed ^ count;

	for (; count >= 4; words += 4, count -= 4) {
		a = dictionary_mix(a ^ words[0], words[1]);
		b = dictionary_mix(b ^ words[2], words[3]);
	}
	for (; count; words++, count--)
		a = dictionary_mix(a, *words);
	return dictionary_mix(a, b) | 1; /* never 0: that marks a free slot */
}

static uint64_t
hash_text(const char *text, size_t size)
{
	uint64_t hash = size, word;

	for (; size >= 8; text += 8, size -= 8) {
		memcpy(&word, text, 8);
		hash = dictionary_mix(hash, word);
	}
	word = 0;
	memcpy(&word, text, size);
	return dictionary_mix(hash, word) | 1;
}

uint32_t
dictionary_string(const char *text, size_t size)
{
	if (!size)
		return 0;
	uint64_t key = hash_text(text, size);
	uint32_t found = index_find(&strings, key);
	if (found != BOX_NONE)
		return found;
	uint64_t at = dictionary_take(BOX_STRINGS, (sizeof(struct box_string) + size + 1 + 3) & ~3ull);
	if (at == UINT64_MAX) {
		box_lose(BOX_LOSS_STRINGS_FULL, 1);
		return 0;
	}
	struct box_string *string = (struct box_string *)((char *)box_region(BOX_STRINGS) + at);
	memcpy(string->text, text, size);
	string->text[size] = 0;
	__atomic_store_n(&string->size_bytes, (uint32_t)size, __ATOMIC_RELEASE);
	index_add(&strings, key, (uint32_t)at);
	return (uint32_t)at;
}

/* Store ENTRY of SIZE bytes as the next element of array ID, whose published count is COUNT. */
static uint32_t
array_add(enum box_region_id id, uint32_t *count, const void *entry, size_t size)
{
	uint32_t limit = (uint32_t)(region_size(id) / size);
	uint64_t *taken = &shim_box.header->regions[id].used_bytes;
	uint64_t at = __atomic_fetch_add(taken, size, __ATOMIC_RELAXED) / size;

	if (at >= limit) {
		__atomic_fetch_sub(taken, size, __ATOMIC_RELAXED);
		return BOX_NONE;
	}
	memcpy((char *)box_region(id) + at * size, entry, size);
	__atomic_fetch_add(count, 1, __ATOMIC_RELEASE);
	return (uint32_t)at;
}

uint32_t
dictionary_frame(const struct box_frame *frame)
{
	uint64_t words[2];

	memcpy(words, frame, sizeof words);
	uint64_t key = dictionary_hash(7, words, 2);
	uint32_t found = index_find(&frames, key);
	if (found != BOX_NONE)
		return found;
	found = array_add(BOX_FRAMES, &shim_box.header->frame_count, frame, sizeof *frame);
	if (found == BOX_NONE) {
		box_lose(BOX_LOSS_SITES_FULL, 1);
		return BOX_NONE;
	}
	index_add(&frames, key, found);
	return found;
}

uint32_t
dictionary_site_look(uint64_t key)
{
	return index_find(&dictionary_sites, key);
}

uint32_t
dictionary_site_add(uint64_t key, const uint32_t *list, int inner, int outer, int left_out, const struct site_text *text)
{
	uint64_t size = (sizeof(struct box_site) + 4ull * (unsigned)(inner + outer) + 7) & ~7ull;
	uint64_t at = dictionary_take(BOX_SITES, size);

	if (at == UINT64_MAX) {
		box_lose(BOX_LOSS_SITES_FULL, 1);
		return BOX_NONE;
	}
	struct box_site *site = (struct box_site *)((char *)box_region(BOX_SITES) + at);
	memcpy(site->frames, list, 4ull * (unsigned)(inner + outer));
	site->inner_count = (uint16_t)inner;
	site->left_out = (uint32_t)left_out;
	site->print = text->print;
	site->class = text->class;
	__atomic_store_n(&site->frame_count, (uint16_t)(inner + outer), __ATOMIC_RELEASE);
	index_add(&dictionary_sites, key | 1, (uint32_t)(at / 8));
	return (uint32_t)(at / 8);
}

uint32_t
dictionary_history_find(uint64_t key)
{
	return index_find(&histories, key | 1);
}

void
dictionary_history_add(uint64_t key, uint32_t reference)
{
	index_add(&histories, key | 1, reference);
}

/* In a dictionary that is half full, only what comes back is worth a place: the first meeting is written in line. */
static bool
worth_storing(uint64_t key, uint64_t size)
{
	struct box_region *region = &shim_box.header->regions[BOX_SIGNATURES];
	uint64_t used = __atomic_load_n(&region->used_bytes, __ATOMIC_RELAXED);

	if (used + size < region->size_bytes / 2)
		return true;
	if (used + size > region->size_bytes)
		return false;
	uint32_t *mark = &seen[(key >> 8) & SEEN_MASK];
	if (__atomic_load_n(mark, __ATOMIC_RELAXED) == (uint32_t)(key >> 32))
		return true;
	__atomic_store_n(mark, (uint32_t)(key >> 32), __ATOMIC_RELAXED);
	return false;
}

uint32_t
dictionary_signature_find(uint64_t key)
{
	return index_find(&dictionary_signatures, key);
}

uint32_t
dictionary_signature_add(uint64_t key, uint32_t op, uint32_t flags, const uint64_t *words, uint32_t word_count,
			 uint32_t value_count)
{
	uint64_t size = sizeof(struct box_signature) + 8ull * word_count;
	uint64_t at = worth_storing(key, size) ? dictionary_take(BOX_SIGNATURES, size) : UINT64_MAX;
	if (at == UINT64_MAX) {
		box_lose(BOX_LOSS_SIGNATURES_FULL, 1);
		return BOX_NONE;
	}
	struct box_signature *signature = (struct box_signature *)((char *)box_region(BOX_SIGNATURES) + at);
	signature->op = op;
	signature->flags = flags;
	signature->value_count = value_count;
	memcpy(signature->words, words, 8ull * word_count);
	__atomic_store_n(&signature->word_count, word_count, __ATOMIC_RELEASE);
	index_add(&dictionary_signatures, key, (uint32_t)(at / 8));
	return (uint32_t)(at / 8);
}

uint32_t
dictionary_op_find(const void *schema)
{
	return index_find(&ops, dictionary_mix((uintptr_t)schema, 3) | 1);
}

uint32_t
dictionary_op_add(const void *schema, const struct box_op *op)
{
	uint32_t at = array_add(BOX_OPS, &shim_box.header->op_count, op, sizeof *op);

	if (at == BOX_NONE)
		box_lose(BOX_LOSS_OPS_FULL, 1);
	else
		index_add(&ops, dictionary_mix((uintptr_t)schema, 3) | 1, at);
	return at;
}
