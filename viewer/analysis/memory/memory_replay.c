#include "memory_replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
replay_free(struct replay *replay)
{
	free(replay->holders);
	free(replay->pieces);
	map_free(&replay->by_address);
	map_free(&replay->by_key);
	memset(replay, 0, sizeof(*replay));
}

static int64_t
key_of(const char *kind, int device, int64_t site, const char *operation)
{
	uint64_t key = 1469598103934665603u ^ (uint64_t)site * 31 ^ (uint64_t)(unsigned)device << 40;

	for (; *kind; kind++)
		key = (key ^ (unsigned char)*kind) * 1099511628211u;
	for (; *operation; operation++)
		key = (key ^ (unsigned char)*operation) * 1099511628211u;
	return (int64_t)(key >> 1);
}

uint32_t
replay_holder(struct replay *replay, const char *kind, int device, int64_t site, const char *operation, int64_t event)
{
	const char *name = operation ? operation : "";
	int64_t key = key_of(kind, device, site, name);
	uint64_t found = map_get(&replay->by_key, key);
	struct holder *grown;

	if (found)
		return (uint32_t)found - 1;
	if (replay->holder_count == replay->holder_room) {
		uint32_t room = replay->holder_room ? replay->holder_room * 2 : 64;

		grown = realloc(replay->holders, room * sizeof *grown);
		if (!grown) {
			replay->failed = true;
			return UINT32_MAX;
		}
		replay->holders = grown;
		replay->holder_room = room;
	}
	grown = &replay->holders[replay->holder_count];
	*grown = (struct holder){ .kind = kind, .device = device, .site = site, .event = event, .first_step = -1, .last_step = -1 };
	snprintf(grown->operation, sizeof grown->operation, "%s", name);
	if (!map_set(&replay->by_key, key, replay->holder_count + 1ull))
		replay->failed = true;
	return replay->holder_count++;
}

void
replay_add(struct replay *replay, uint32_t holder, int64_t address, int64_t bytes)
{
	if (holder == UINT32_MAX)
		return;
	if (replay->piece_count == replay->piece_room) {
		uint64_t room = replay->piece_room ? replay->piece_room * 2 : 1024;
		struct piece *grown = realloc(replay->pieces, room * sizeof *grown);

		if (!grown) {
			replay->failed = true;
			return;
		}
		replay->pieces = grown;
		replay->piece_room = room;
	}
	replay_remove(replay, address); /* its end was lost */
	replay->pieces[replay->piece_count] = (struct piece){ address, bytes, holder, true };
	if (!map_set(&replay->by_address, address, ++replay->piece_count))
		replay->failed = true;
	replay->holders[holder].bytes += bytes;
	replay->holders[holder].pieces++;
	replay->holders[holder].made++;
	if (bytes > replay->holders[holder].largest)
		replay->holders[holder].largest = bytes;
}

bool
replay_remove(struct replay *replay, int64_t address)
{
	uint64_t found = map_get(&replay->by_address, address);
	struct piece *piece = found ? &replay->pieces[found - 1] : NULL;

	if (!piece || !piece->live)
		return false;
	piece->live = false;
	replay->holders[piece->holder].bytes -= piece->bytes;
	replay->holders[piece->holder].pieces--;
	return true;
}
