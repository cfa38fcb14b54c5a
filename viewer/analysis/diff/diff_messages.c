/*
 * Messages from one rank to another: each that is sent against the one that is waited for there.
 *
 * Between two ranks and with one tag messages arrive in their order, so the k-th sent is the k-th received. They are counted from the first
 * step that every rank keeps from its beginning. In an all_to_all each gives something to each. Gloo and NCCL don't look whether both sides mean the same number of bytes.
 */
#include "diff_messages.h"

#include <stdlib.h>
#include <string.h>

#include "../../../schema/fingerprint.h"
#include "diff_divergence.h"
#include "process_groups.h"

#define MESSAGES_MOST 200000 /* of one rank and direction */

struct message {
	int peer;              /* rank; -1 any */
	int64_t tag, elements, event, step, number; /* number: among those of this peer, group and tag */
	uint64_t dtype, group; /* group: the print of its ranks */
};

/* What a member sends, or receives; by peer, group, tag, number. */
struct post { struct message *list; int64_t count, room; bool any_source, unknown; };

struct collect { struct post *post; const struct member *member; int64_t first_step; struct process_groups groups; };

static int64_t
value_of(const struct event *event, const char *name, int64_t otherwise)
{
	for (int i = 0; i < event->operand_count; i++)
		if (strcmp(event->operands[i].name, name) == 0 && event->operands[i].value)
			return strtoll(event->operands[i].value, NULL, 10);
	return otherwise;
}

static bool
message_keep(const struct event *event, void *context)
{
	struct collect *collect = context;
	struct post *post = collect->post;
	bool any = strcmp(event->operation, "c10d::recv_any_source_") == 0;
	struct message message = { .peer = (int)value_of(event, event->operation[6] == 's' ? "dst" : "src", -1),
				   .tag = value_of(event, "tag", 0), .event = event->id, .step = event->step, .elements = 1 };
	const struct process_group *group = process_groups_of(&collect->groups, event);
	struct message *grown;

	if (event->id > collect->member->end)
		return false;
	/* A message's peer is told by its place in the group. */
	if (event->step < collect->first_step || !group || message.peer >= group->count)
		return true;
	message.peer = message.peer < 0 ? -1 : group->ranks[message.peer];
	message.group = group->print;
	post->any_source = post->any_source || any;
	if (post->count == post->room) {
		int64_t room = post->room ? post->room * 2 : 64;

		grown = post->count < MESSAGES_MOST ? realloc(post->list, (size_t)room * sizeof *grown) : NULL;
		if (!grown) {
			post->unknown = true;
			return false;
		}
		post->list = grown;
		post->room = room;
	}
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *operand = &event->operands[i];

		if (strcmp(operand->kind, "tensor") != 0)
			continue;
		for (int n = 0; n < operand->ndim; n++)
			message.elements *= operand->sizes[n];
		message.dtype = fingerprint_bytes(1, operand->dtype ? operand->dtype : "", operand->dtype ? strlen(operand->dtype) : 0);
		break;
	}
	post->list[post->count++] = message;
	return true;
}

static int
message_order(const void *left, const void *right)
{
	const struct message *a = left, *b = right;

	if (a->peer != b->peer)
		return a->peer < b->peer ? -1 : 1;
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	return (a->event > b->event) - (a->event < b->event);
}

static void
post_read(struct post *post, const struct member *member, int64_t first_step, const char *const *operations)
{
	struct collect collect = { post, member, first_step, { 0 } };

	process_groups_load(&collect.groups, member->trace, member->process);
	for (; *operations; operations++) {
		struct event_filter filter = event_filter_all;

		filter.operation = *operations;
		trace_each_event(member->trace, member->process, &filter, message_keep, &collect);
	}
	process_groups_free(&collect.groups);
	if (post->count)
		qsort(post->list, (size_t)post->count, sizeof *post->list, message_order);
	for (int64_t i = 0; i < post->count; i++) {
		struct message *now = &post->list[i], *before = now - 1;

		now->number = i && before->peer == now->peer && before->group == now->group && before->tag == now->tag ? before->number + 1 : 0;
	}
}

/* The one with MESSAGE's group, tag and number that has to do with RANK; NULL: there is none. */
static const struct message *
post_find(const struct post *post, int rank, const struct message *message)
{
	int64_t low = 0, high = post->count;

	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		const struct message *at = &post->list[middle];

		if (at->peer != rank ? at->peer < rank
		    : at->group != message->group ? at->group < message->group
		    : at->tag != message->tag ? at->tag < message->tag : at->number < message->number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == post->count || post->list[low].peer != rank || post->list[low].group != message->group ||
	    post->list[low].tag != message->tag || post->list[low].number != message->number)
		return NULL;
	return &post->list[low];
}

static void
mismatch_keep(struct mismatch *first, const struct mismatch *now)
{
	if (!first->found || now->step < first->step ||
	    (now->step == first->step && !now->waits && first->waits))
		*first = *now;
}

struct rank_posts { struct post sent, received; bool whole; };

/* What RECEIVER waits for, against what its peers sent. */
static void
receiver_compare(struct mismatch *first, const struct members *members, const struct rank_posts *posts, int receiver)
{
	const struct member *member = &members->list[receiver];
	const struct post *received = &posts[receiver].received;
	struct brief last;
	bool has_last = strcmp(member->info->status, "ok") != 0 && member_last(member, &last);

	for (int64_t i = 0; i < received->count; i++) {
		const struct message *message = &received->list[i], *sent;
		int sender = 0;

		while (sender < members->count && members->list[sender].rank != message->peer)
			sender++;
		if (sender == members->count || !posts[sender].whole)
			continue;
		sent = post_find(&posts[sender].sent, member->rank, message);
		if (sent && sent->elements == message->elements && sent->dtype == message->dtype)
			continue;
		if (sent || (has_last && last.id == message->event))
			mismatch_keep(first, &(struct mismatch){ .found = true, .waits = !sent, .sender = sender, .receiver = receiver,
								 .step = message->step, .received = message->event,
								 .sent = sent ? sent->event : -1 });
	}
}

/* --- all_to_all ------------------------------------------------------------------------------------------------------------ */

#define EXCHANGE_MOST 128 /* ranks, each with each */

/* An exchange whose sizes don't fit fails or hangs on one side at least: of each that didn't end well the last collective is looked at,
 * beside the same of the others. */
static void
exchanges_compare(struct mismatch *first, const struct members *members)
{
	struct brief last;

	for (int i = 0; i < members->count && members->count <= EXCHANGE_MOST; i++) {
		const struct member *member = &members->list[i];

		if (strcmp(member->info->status, "ok") == 0 || !member_last_collective(member, &last))
			continue;
		for (int n = 0; n < members->count; n++) {
			const struct member *other = &members->list[n];
			int64_t same = n == i ? -1 : member_same_operation(member, last.id, other, last.step);
			struct mismatch now = { .found = true, .exchange = true, .sender = i, .receiver = n, .step = last.step,
						.sent = last.id, .received = same };

			if (same < 0)
				continue;
			if (collective_exchange_differs(member, last.id, other, same, &now.given, &now.expected)) {
				mismatch_keep(first, &now);
			} else if (collective_exchange_differs(other, same, member, last.id, &now.given, &now.expected)) {
				now.sender = n;
				now.receiver = i;
				now.sent = same;
				now.received = last.id;
				mismatch_keep(first, &now);
			}
		}
	}
}

struct mismatch
messages_compare(const struct members *members)
{
	static const char *const sends[] = { "c10d::send", NULL }, *const receives[] = { "c10d::recv_", "c10d::recv_any_source_", NULL };
	struct rank_posts *posts = calloc((size_t)members->count + 1, sizeof *posts);
	struct mismatch first = { 0 };
	int64_t first_step = 0;

	if (!posts || members->two_runs || members->list[0].step >= 0) {
		free(posts);
		return first;
	}
	for (int i = 0; i < members->count; i++)
		first_step = members->list[i].first_step > first_step ? members->list[i].first_step : first_step;
	for (int i = 0; i < members->count; i++) {
		const struct member *member = &members->list[i];
		bool talks = false;

		for (int64_t n = 0; n < member->block_count && !talks; n++)
			talks = member->blocks[n].messages > 0;
		if (talks) {
			post_read(&posts[i].sent, member, first_step, sends);
			post_read(&posts[i].received, member, first_step, receives);
			trace_rest(member->trace, member->process);
		}
		posts[i].whole = member->lost == 0 && !posts[i].sent.unknown && !posts[i].received.unknown;
	}
	for (int i = 0; i < members->count; i++)
		if (posts[i].whole && !posts[i].received.any_source)
			receiver_compare(&first, members, posts, i);
	exchanges_compare(&first, members);
	for (int i = 0; i < members->count; i++) {
		free(posts[i].sent.list);
		free(posts[i].received.list);
	}
	free(posts);
	return first;
}

/* "[4] float32" */
static void
tensor_text(const struct member *member, int64_t id, struct text *text)
{
	struct event event;

	if (!trace_event(member->trace, member->process, id, &event))
		return;
	for (int i = 0; i < event.operand_count; i++)
		if (strcmp(event.operands[i].kind, "tensor") == 0) {
			text_add_sizes(text, event.operands[i].sizes, event.operands[i].ndim < 0 ? 0 : event.operands[i].ndim);
			text_add(text, " %s", event.operands[i].dtype ? event.operands[i].dtype : "");
			return;
		}
}

json_t *
divergence_of_message(struct members *members, const struct mismatch *mismatch)
{
	const struct member *sender = &members->list[mismatch->sender], *receiver = &members->list[mismatch->receiver];
	struct text text = { { 0 }, 0 };
	struct brief last;
	bool has_last = false;
	json_t *a, *b;

	if (mismatch->exchange) {
		text_add(&text, "rank %d gives %lld elements to rank %d, which expects %lld: ", sender->rank, (long long)mismatch->given,
			 receiver->rank, (long long)mismatch->expected);
		side_text(sender, mismatch->sent, &text);
		a = side_json(sender, mismatch->sent);
	} else if (!mismatch->waits) {
		text_add(&text, "rank %d sends ", sender->rank);
		tensor_text(sender, mismatch->sent, &text);
		text_add(&text, " to rank %d, which expects ", receiver->rank);
		tensor_text(receiver, mismatch->received, &text);
		text_add(&text, ": ");
		side_text(sender, mismatch->sent, &text);
		text_add(&text, " and ");
		side_text(receiver, mismatch->received, &text);
		a = side_json(sender, mismatch->sent);
	} else {
		has_last = member_last(sender, &last);
		text_add(&text, "rank %d waits in ", receiver->rank);
		side_text(receiver, mismatch->received, &text);
		text_add(&text, " for rank %d, which never sent it", sender->rank);
		if (has_last) {
			text_add(&text, "%s", last.open ? SAY(": it is inside ") : SAY(": its last operation is "));
			side_text(sender, last.id, &text);
		}
		a = has_last ? side_json(sender, last.id) : json_null();
	}
	text_add(&text, ", at step %lld", (long long)mismatch->step);
	b = side_json(receiver, mismatch->received);
	return side_divergence(mismatch->waits ? "missing" : "collective", mismatch->step, &sender->rank, 1, &receiver->rank, 1, a, b, text.data);
}
