/* links: schema viewer */
/* Room that was made as one item of a list asks for, and what doesn't fit it. */
#include <unistd.h>

#include "causes_asked.h"
#include "program_file.h"

static char path[] = "/tmp/shapebox-room-XXXXXX.py";

/* Room whose line (2) is BODY's, for 3 (of 4, in EARLIER calls of it), and an item that has 4; samples[0][0] has SIZE. The assignment was made CALLS times. */
static void
ask_room(const char *body, int earlier, int64_t size, int64_t before)
{
	const struct operand pair[] = { TENSOR("tiles[...]", 1, 3, 64), TENSOR("src", 2, 4, 64) }, none[] = { VALUE("size", "int[]", "[2, 3, 64]") },
			     made[] = { TENSOR("out", 3, 2, 3, 64) }, usual[] = { TENSOR("out", 3, 2, 4, 64) };
	const struct frame frames[] = { { .file = path, .function = "collate", .line = 3 } };
	const struct site sites[] = { { .id = 10, .frame_count = 1, .frames = frames } };
	const struct event event = EVENT("aten::copy_", pair);
	struct event events[21];
	struct hand hand = { .sites = sites, .site_count = 1, .events = events, .event_count = earlier };
	struct source source = hand_source(&hand);
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 3, .actual = 4 };
	json_t *locals = json_pack("[{s:[{s:s, s:[{s:s, s:[{s:s, s:s, s:[I, i, i]}]}]}]}]", "locals", "name", "samples", "items", "name", "samples[0]", "items", "name", "samples[0][0]",
				   "kind", "tensor", "shape", (json_int_t)size, 64, 64);
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .frames = locals, .last_call = -1,
				     .sides = { { .place = 1, .dim = 0, .size = 4 }, { .place = 0, .dim = 0, .size = 3, .calls = before, .same = before } } };

	write_program(path, "%s", body);
	for (int i = 0; i < earlier; i++)
		events[i] = (struct event){ .id = i, .parent = -1, .scope = -1, .site = 10, .sequence = -1, .step = i, .operation = "aten::zeros", .overload = "", .phase = "data", .status = "ok",
					    .output_count = 1, .outputs = usual };
	add_step(1, 10, "aten::zeros", none, 1, 1, 3);
	stories[1].steps[0].event = (struct event){ .id = 90, .parent = -1, .scope = -1, .site = 10, .sequence = -1, .step = 40, .operation = "aten::zeros", .overload = "", .phase = "data",
						    .status = "ok", .operands = none, .operand_count = 1, .outputs = made, .output_count = 1 };
	facts.sides[1].lineage = &stories[1];
	ask_facts(&facts);
	json_decref(locals);
}

static void
test_room(void)
{
	static const char asks[] = "def collate(samples):\n    side = 64\n    tiles = torch.zeros(len(samples), samples[0][0].shape[0], side)\n",
			  by_name[] = "def collate(samples):\n    bands = samples[0][0].size(0)\n    tiles = torch.zeros(len(samples), bands, 64)\n";

	ask_room(asks, 20, 3, 0);
	EXPECT("room_of_one", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("room_of_one", "text"), "room is made for as many as samples[0][0] has, 3, by aten::zeros"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("room_of_one", "text"), "samples[0][0] is the odd one, in 20 earlier calls it was always 4"));
	ask_room(by_name, 20, 3, 0);
	EXPECT("room_of_one", "likely");
	ask_room(asks, 0, 3, 30);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("room_of_one", "text"), "src is the odd one, room was always made for 3"));
	ask_room(asks, 0, 3, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("room_of_one", "fix"), "for the largest of all of them"));
	ask_room(asks, 20, 4, 0); /* that one has another size */
	EXPECT("room_of_one", "");
	ask_room("def collate(samples):\n    side = 64\n    tiles = torch.zeros(len(samples), bands, side)\n", 20, 3, 0);
	EXPECT("room_of_one", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "room made for one item of a list", test_room);
}

int
main(void)
{
	return run_suite_with(path, "", "room of one", fill);
}
