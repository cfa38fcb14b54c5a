/*
 * make-hostile DIR: boxes as nobody's recorder makes them, DIR/CASE/rank0-4711.box, and one that is good, DIR/good. What each is
 * stands beside its function. run.py makes hostile databases of the good one and gives all to the command.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/box_maker.h"

#define EVIL "\x1b]0;owned\x07\x1b[31m\xc2\x9b" "2J\xe2\x80\xae</script><img src=x onerror=alert(1)>\r\b\x7f"

static uint32_t
operation(struct box_maker *maker, const char *name, const struct maker_words *in, const struct maker_words *out, uint32_t signatures[2])
{
	uint32_t op = box_maker_op(maker, name, "", "self,other");

	signatures[0] = box_maker_signature(maker, op, false, in);
	signatures[1] = box_maker_signature(maker, op, true, out);
	return op;
}

/* Two operations, the second of which failed, called by one line; NAME, FILE and TEXT may be anything. */
static void
content(struct box_maker *maker, const char *name, const char *file, const char *text)
{
	static const int64_t sizes[] = { 2, 3 }, others[] = { 4, 5 };
	struct maker_words in = { 0 }, out = { 0 };
	uint32_t signatures[2], frame, site, made[] = { 2 }, used[] = { 2, 2 };
	char note[4096];

	maker->header.pid = 4711;
	maker->header.rank = 0;
	maker->header.exit_status = 1;
	maker_tensor(&in, 6, 0, 2, sizes);
	maker_tensor(&in, 6, 0, 2, others);
	maker_tensor(&out, 6, 0, 2, sizes);
	operation(maker, name, &in, &out, signatures);
	frame = box_maker_frame(maker, file, name, 12);
	site = box_maker_site(maker, &frame, 1);
	box_maker_chunk(maker, 0, 0, 0, 0);
	box_maker_start(maker, 64, signatures[0], site, 20, 0, BOX_FLAG_GRAD, 2, used);
	box_maker_end(maker, 128, signatures[1], 0, 0, 1, made);
	box_maker_start(maker, 192, signatures[0], site, 21, 0, 0, 2, used);
	box_maker_end(maker, 256, BOX_NONE, 0, BOX_FLAG_FAILED, 0, NULL);
	snprintf(note, sizeof note, "{\"operation\":\"aten::add\",\"overload\":\"\",\"exception\":{\"type\":\"c10::Error\",\"message\":\"%s\"}}", text);
	box_maker_note(maker, 1, BOX_NOTE_OPERATION, 0, 1, 2, note);
	snprintf(note, sizeof note, "{\"how\":\"excepthook\",\"type\":\"RuntimeError\",\"module\":\"builtins\",\"message\":\"%s\",\"frames\":"
		 "[{\"file\":\"t.py\",\"line\":12,\"function\":\"f\",\"locals\":[{\"name\":\"x\",\"kind\":\"int\",\"value\":3}]}]}", text);
	box_maker_note(maker, 2, BOX_NOTE_FATAL, 0, 1, 2, note);
}

static void
plain(struct box_maker *maker)
{
	content(maker, "aten::add", "/u/t.py", "The size of tensor a (3) must match the size of tensor b (5)");
}

/* Control sequences and HTML wherever a text stands. */
static void
escapes(struct box_maker *maker)
{
	content(maker, "aten::add" EVIL, "/u/" EVIL ".py", "\\u001b[31m\\u009b2J</script><img src=x onerror=alert(1)>");
	snprintf(maker->header.host, sizeof maker->header.host, "%s", EVIL);
	snprintf(maker->header.torch_version, sizeof maker->header.torch_version, "%.30s", EVIL);
}

/* Text that is no UTF-8: cut, overlong, surrogates, beyond Unicode; a note that is no JSON. */
static void
no_utf8(struct box_maker *maker)
{
	content(maker, "aten::\xff\xfe\xc0\xaf\xed\xa0\x80\xf5\x80\x80\x80", "/u/\x80\xe2\x82.py", "\xc3\x28\xf0\x9f");
	memset(maker->header.host, 0xff, sizeof maker->header.host);
	memset(maker->header.python_version, 0xff, sizeof maker->header.python_version);
}

/* Counters at their ends. */
static void
counts(struct box_maker *maker)
{
	plain(maker);
	maker->header.events = maker->header.step = maker->header.next_tensor = maker->header.next_note = maker->header.told = UINT64_MAX;
	maker->header.start_unix_ns = maker->header.end_unix_ns = UINT64_MAX;
	maker->header.pid = maker->header.parent_pid = INT32_MIN;
	maker->header.rank = maker->header.world_size = maker->header.local_rank = INT32_MAX;
	maker->header.ticks_per_ns = 1e-300;
	for (int i = 0; i < BOX_LOSS_COUNT; i++)
		maker->header.lost[i] = UINT64_MAX;
	memset(maker->header.checks, 0xff, sizeof maker->header.checks);
}

/* A list in a list in a list... as deep as a signature is long. */
static void
nested(struct box_maker *maker)
{
	struct maker_words in = { 0 }, out = { 0 };
	uint32_t signatures[2];

	plain(maker);
	for (int i = 0; i < 500; i++)
		maker_list(&in, 1);
	maker_plain(&in, BOX_VALUE_NONE);
	maker_list(&out, INT32_MAX);
	operation(maker, "aten::deep", &in, &out, signatures);
	box_maker_chunk(maker, 0, 2, 0, 512);
	box_maker_start(maker, 576, signatures[0], 0, 22, 0, 0, 0, NULL);
	box_maker_end(maker, 640, signatures[1], 0, 0, 0, NULL);
}

/* Sizes whose product, or whose JSON, is more than there are numbers for. */
static void
sizes(struct box_maker *maker)
{
	static const int64_t vast[] = { INT64_MAX, INT64_MAX, INT64_MIN, -1 };
	struct maker_words in = { 0 }, out = { 0 };
	uint32_t signatures[2], used[] = { UINT32_MAX, 0x80000000u };

	plain(maker);
	maker_tensor(&in, 255, 255, 4, vast);
	maker_tensor(&in, 6, 0, 4, vast);
	maker_tensor(&out, 6, 0, 4, vast);
	operation(maker, "aten::add", &in, &out, signatures);
	box_maker_chunk(maker, UINT32_MAX - 1, UINT64_MAX - 1, UINT64_MAX, 512);
	box_maker_start(maker, 576, signatures[0], UINT32_MAX, UINT32_MAX, 65535, 0xff, 2, used);
	box_maker_end(maker, 640, BOX_NONE, 65535, BOX_FLAG_FAILED, 0, NULL);
}

/* Notes deep and broad. */
static void
notes(struct box_maker *maker)
{
	char text[MAKER_NOTE_BYTES - 64];
	size_t used;

	plain(maker);
	/* Groups of a million ranks each, as many as fit. */
	used = (size_t)snprintf(text, sizeof text, "{\"groups\":[7");
	while (used + 80 < sizeof text)
		used += (size_t)snprintf(text + used, sizeof text - used, ",{\"group\":1,\"name\":[],\"ranks\":[[0,1048575,1]]}");
	snprintf(text + used, sizeof text - used, ",{\"group\":2,\"ranks\":[[0,-1,0],[1],{}]}]}");
	box_maker_note(maker, 7, BOX_NOTE_GROUPS, 0, 1, 2, text);
	memset(text, '[', sizeof text - 1);
	text[sizeof text - 1] = 0;
	box_maker_note(maker, 3, BOX_NOTE_FATAL, 0, 1, 2, text);
	box_maker_note(maker, 4, BOX_NOTE_ENVIRONMENT, 0, 1, 2, "{\"argv\":7,\"env\":[],\"versions\":\"x\",\"ancestors\":{\"pid\":-1},\"gpus\":null}");
	box_maker_note(maker, 5, BOX_NOTE_FATAL, 0, 1, 2,
		       "{\"type\":[],\"message\":{},\"frames\":[7,{\"line\":1e308,\"locals\":[{\"shape\":[1e400]}]}],\"chain\":{\"a\":1},\"modules\":[[]]}");
	box_maker_note(maker, 6, BOX_NOTE_FATAL, 0, 1, 2, "{\"type\":\"E\",\"type\":\"F\",\"message\":\"\\u0000\\ud800\"}");
}

/* Half a million segments are claimed, and chunks of other runs. */
static void
segments(struct box_maker *maker)
{
	plain(maker);
	maker->header.segments = UINT32_MAX;
	maker->header.next_chunk = UINT64_MAX;
}

/* The regions lie one over the other. */
static void
overlap(struct box_maker *maker)
{
	plain(maker);
	for (int i = 0; i < BOX_CHUNKS; i++)
		maker->header.regions[i].used_bytes = UINT64_MAX;
	maker->header.op_count = maker->header.frame_count = UINT32_MAX;
}

/* Identities that make each other: a tensor is its own ancestor. */
static void
cycle(struct box_maker *maker)
{
	static const int64_t shape[] = { 2, 3 };
	struct maker_words one = { 0 };
	uint32_t signatures[2], a[] = { 5 }, b[] = { 6 };

	plain(maker);
	maker_tensor(&one, 6, 0, 2, shape);
	operation(maker, "aten::view", &one, &one, signatures);
	box_maker_chunk(maker, 0, 2, 0, 512);
	for (uint64_t i = 0; i < 200; i++) {
		box_maker_start(maker, 576 + 128 * i, signatures[0], 0, 30, 0, 0, 1, i % 2 ? a : b);
		box_maker_end(maker, 640 + 128 * i, signatures[1], 0, 0, 1, i % 2 ? b : a);
	}
	box_maker_start(maker, 576 + 128 * 201, signatures[0], 0, 30, 0, 0, 1, a);
	box_maker_end(maker, 640 + 128 * 201, BOX_NONE, 0, BOX_FLAG_FAILED, 0, NULL);
}

static const struct { const char *name; void (*make)(struct box_maker *); } cases[] = {
	{ "good", plain }, { "box-escapes", escapes }, { "box-no-utf8", no_utf8 }, { "box-counts", counts }, { "box-nested", nested },
	{ "box-sizes", sizes }, { "box-notes", notes }, { "box-segments", segments }, { "box-overlap", overlap }, { "box-cycle", cycle },
};

int
main(int argc, char **argv)
{
	char path[512];

	if (argc != 2 || chdir(argv[1]) != 0)
		return 2;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct box_maker maker;

		box_maker_begin(&maker);
		cases[i].make(&maker);
		snprintf(path, sizeof path, "%s/rank0-4711.box", cases[i].name);
		if (mkdir(cases[i].name, 0700) != 0 || !box_maker_write(&maker, path))
			return 1;
		box_maker_free(&maker);
	}
	return 0;
}
