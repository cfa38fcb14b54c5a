#include "rank_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_ROOM 6000 /* more than any record here takes */
#define NONE 0xffffffffu

static uint64_t
hash_add(uint64_t hash, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3ull;
	return hash;
}

static struct rank_entry *
entry_find(struct rank_entry *entries, uint32_t room, uint64_t key)
{
	uint32_t at = (uint32_t)(key >> 20);

	while (entries[at & (room - 1)].key && entries[at & (room - 1)].key != key)
		at++;
	return &entries[at & (room - 1)];
}

/* The entry of KEY; its reference is NONE where it is new. */
static uint32_t *
entry_of(struct rank_maker *rank, uint64_t key)
{
	struct rank_entry *entry;

	if (rank->entry_count * 2 >= rank->entry_room) {
		uint32_t room = rank->entry_room ? rank->entry_room * 2 : 256;
		struct rank_entry *entries = calloc(room, sizeof *entries);

		if (!entries)
			abort();
		for (uint32_t i = 0; i < rank->entry_room; i++)
			if (rank->entries[i].key)
				*entry_find(entries, room, rank->entries[i].key) = rank->entries[i];
		free(rank->entries);
		rank->entries = entries;
		rank->entry_room = room;
	}
	entry = entry_find(rank->entries, rank->entry_room, key | 1);
	if (!entry->key) {
		*entry = (struct rank_entry){ key | 1, NONE };
		rank->entry_count++;
	}
	return &entry->reference;
}

void
rank_begin(struct rank_maker *rank, int number, int world, const char *host)
{
	memset(rank, 0, sizeof *rank);
	box_maker_begin(&rank->box);
	rank->box.header.pid = 5000; /* box_maker's first thread is the main one */
	rank->box.header.rank = rank->box.header.local_rank = number;
	rank->box.header.world_size = world;
	snprintf(rank->box.header.host, sizeof rank->box.header.host, "%s", host);
	rank->module_frame = box_maker_frame(&rank->box, "/x/torch/nn/modules/module.py", "Module._call_impl", 99);
	rank->optimizer_frame = box_maker_frame(&rank->box, "/x/torch/optim/adamw.py", "AdamW.step", 88);
	rank->sharding_frame = box_maker_frame(&rank->box, "/x/torch/distributed/fsdp/_param.py", "FSDPParam.shard", 77);
	box_maker_chunk(&rank->box, 0, 0, 0, 0);
}

void
rank_free(struct rank_maker *rank)
{
	box_maker_free(&rank->box);
	free(rank->entries);
}

void
rank_tensor(struct rank_maker *rank, struct maker_words *words, int dtype, int ndim, const int64_t *sizes)
{
	uint32_t at = words->count;

	maker_tensor(words, dtype, rank->device, ndim, sizes);
	if (rank->device)
		words->at[at] = (words->at[at] & ~(0xffffull << 32)) | (uint64_t)(rank->device_index & 0xffff) << 32;
}

static uint32_t
site_of(struct rank_maker *rank, enum rank_place place, int line)
{
	static const char *const files[] = { "/u/proj/model.py", "/u/proj/train.py", "/u/proj/train.py", "/u/proj/train.py" };
	uint32_t *reference = entry_of(rank, hash_add(7 + (uint64_t)place, &line, sizeof line));
	uint32_t frames[2], own;

	if (*reference != NONE)
		return *reference;
	own = box_maker_frame(&rank->box, files[place], "run", line);
	if (place == RANK_OPTIMIZER || place == RANK_SHARDING) {
		frames[0] = place == RANK_OPTIMIZER ? rank->optimizer_frame : rank->sharding_frame;
		frames[1] = own;
	} else {
		frames[0] = own;
		frames[1] = rank->module_frame;
	}
	*reference = box_maker_site(&rank->box, frames, place == RANK_SCRIPT ? 1 : 2);
	return *reference;
}

static uint32_t
operation_of(struct rank_maker *rank, const char *name, const char *arguments)
{
	uint32_t *reference = entry_of(rank, hash_add(1, name, strlen(name)));

	if (*reference == NONE)
		*reference = box_maker_op(&rank->box, name, "", arguments);
	return *reference;
}

static uint32_t
signature_of(struct rank_maker *rank, uint32_t op, bool outputs, const struct maker_words *words)
{
	uint64_t key = hash_add(hash_add(3 + outputs, &op, sizeof op), words->at, 8ull * words->count);
	uint32_t *reference = entry_of(rank, key);

	if (*reference == NONE)
		*reference = box_maker_signature(&rank->box, op, outputs, words);
	return *reference;
}

void
rank_operation(struct rank_maker *rank, const char *name, const char *arguments, enum rank_place place, int line,
	       const struct maker_words *inputs, const struct maker_words *outputs, int flags)
{
	uint32_t op = operation_of(rank, name, arguments), site = site_of(rank, place, line);
	uint32_t in = signature_of(rank, op, false, inputs), out = outputs ? signature_of(rank, op, true, outputs) : BOX_NONE;

	if (box_maker_room(&rank->box) < RECORD_ROOM)
		box_maker_chunk(&rank->box, 0, rank->events, rank->steps, rank->ns);
	rank->events++;
	box_maker_start(&rank->box, rank->ns += 1000, in, site, 7, 0, place == RANK_MODEL ? BOX_FLAG_GRAD : 0, 0, NULL);
	box_maker_end(&rank->box, rank->ns += 1000, out, 0, flags, 0, NULL);
}

void
rank_step(struct rank_maker *rank)
{
	box_maker_step(&rank->box, rank->ns += 1000, ++rank->steps);
}
