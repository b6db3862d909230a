/* The fuzz target as an ordinary test: sound messages with a few bytes changed, from a fixed seed.
 */
#include "fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const seeds[] = {
    "{\"seq\":1,\"type\":\"ready\",\"version\":1}\n{\"seq\":2,\"type\":\"alive\",\"job_id\":\"\"}"
    "\n",
    "{\"seq\":1,\"type\":\"progress\",\"job_id\":\"j\",\"step\":\"probing\",\"percent\":72,"
    "\"frames_done\":1,\"frames_total\":2,\"fps\":3.5}\n",
    "{\"seq\":1,\"type\":\"failed\",\"job_id\":\"j\",\"code\":\"internal\",\"detail\":\"d\","
    "\"pointer\":\"\"}\n{\"seq\":2,\"type\":\"warning\",\"job_id\":\"j\",\"code\":\"c\",\"text\":"
    "\"t"
    "\"}\n",
    "{\"seq\":1,\"type\":\"result\",\"job_id\":\"j\",\"result\":{\"container\":\"mp4\",\"is_"
    "video\":"
    "true,\"width\":2,\"height\":2,\"frames\":1,\"duration_seconds\":1.5,\"fps\":25,\"bytes\":9,"
    "\"sha256\":\"\",\"faces\":{\"source\":1,\"target_max\":1},\"frames_with_faces\":1,"
    "\"faces_changed\":1,\"has_audio\":false,\"audio_copied\":false,\"label\":\"\",\"timings\":{},"
    "\"models\":[{\"id\":\"a\",\"role\":\"b\",\"sha256\":\"\"}]}}\n",
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void changed_messages_never_crash_the_server(void **state)
{
    uint32_t random = 20261124;
    for (int round = 0; round < 20000; round++) {
        char text[1024];
        const char *seed = seeds[next_random(&random) % FUS_COUNT(seeds)];
        size_t size = strlen(seed);
        assert_true(size < sizeof(text));
        memcpy(text, seed, size);
        for (uint32_t changes = next_random(&random) % 4; changes > 0; changes--)
            text[next_random(&random) % size] = (char)next_random(&random);
        size_t cut = next_random(&random) % 8 == 0 ? next_random(&random) % size : size;
        LLVMFuzzerTestOneInput((const uint8_t *)text, cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_messages_never_crash_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
