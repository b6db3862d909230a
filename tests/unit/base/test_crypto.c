#include "../cmocka_all.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"

/* FIPS 180-4 example and RFC 4231 case 2. */
static void digests_and_macs_match_the_published_vectors(void **state)
{
    uint8_t out[FUS_SHA256_SIZE];
    char hex[FUS_SHA256_HEX_SIZE];
    fus_sha256("abc", 3, out);
    fus_hex(out, sizeof(out), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    fus_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
    fus_hex(out, sizeof(out), hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void a_running_digest_equals_the_whole_and_starts_again(void **state)
{
    FUS_CLEANUP(fus_sha256_free) struct fus_sha256 *sha = fus_sha256_new();
    uint8_t whole[FUS_SHA256_SIZE], parts[FUS_SHA256_SIZE];
    fus_sha256("hello world", 11, whole);
    for (int i = 0; i < 2; i++) {
        fus_sha256_update(sha, "hello ", 6);
        fus_sha256_update(sha, "world", 5);
        fus_sha256_final(sha, parts);
        assert_memory_equal(whole, parts, sizeof(whole));
    }
}

static void a_file_is_read_without_moving_its_offset(void **state)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite("abc", 1, 3, file), 3);
    fflush(file);
    char hex[FUS_SHA256_HEX_SIZE];
    off_t before = lseek(fileno(file), 1, SEEK_SET);
    assert_int_equal(fus_sha256_fd(fileno(file), hex, NULL), 0);
    assert_int_equal(lseek(fileno(file), 0, SEEK_CUR), before);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    fclose(file);
}

static void text_encodings_round_trip(void **state)
{
    char text[16];
    uint8_t bytes[3];
    fus_base64url("\xfb\xff", 2, text);
    assert_string_equal(text, "-_8");
    fus_base64url("Man", 3, text);
    assert_string_equal(text, "TWFu");
    assert_true(fus_unhex("0aFf10", bytes, 3));
    assert_memory_equal(bytes, "\x0a\xff\x10", 3);
    assert_false(fus_unhex("0aFf1", bytes, 3));
    assert_false(fus_unhex("0aFg10", bytes, 3));
}

static void secrets_compare_by_content(void **state)
{
    assert_true(fus_secret_equal("fus_abc", "fus_abc"));
    assert_false(fus_secret_equal("fus_abc", "fus_abd"));
    assert_false(fus_secret_equal("fus_abc", ""));
}

static void ids_are_distinct_and_well_formed(void **state)
{
    char ids[500][FUS_ID_SIZE];
    for (size_t i = 0; i < FUS_COUNT(ids); i++) {
        fus_id_new("job", ids[i]);
        assert_int_equal(strlen(ids[i]), 4 + 8 + 1 + 13);
        assert_memory_equal(ids[i], "job_20", 6);
        assert_int_equal(strspn(ids[i] + 13, "0123456789abcdefghjkmnpqrstvwxyz"), 13);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(ids[i], ids[j]);
    }
    fus_id_short("req", ids[0]);
    assert_int_equal(strlen(ids[0]), 4 + 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_and_macs_match_the_published_vectors),
        cmocka_unit_test(a_running_digest_equals_the_whole_and_starts_again),
        cmocka_unit_test(a_file_is_read_without_moving_its_offset),
        cmocka_unit_test(text_encodings_round_trip),
        cmocka_unit_test(secrets_compare_by_content),
        cmocka_unit_test(ids_are_distinct_and_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
