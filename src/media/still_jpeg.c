/* JPEG by libjpeg-turbo. Its errors leave by longjmp, so all state lives in one struct outside the
 * function that calls setjmp, and nothing between the two owns anything. */
#include "media/still_codec.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

#include "base/mem.h"

/* More scans than any real progressive file has: each costs a pass over the whole picture. */
#define SCANS_MAX 200
/* From here on colour keeps its full resolution. */
#define FULL_CHROMA_QUALITY 90
/* What OpenCV writes when nobody says otherwise, with half the chroma. */
#define OPENCV_QUALITY 95

struct jpeg_state {
    struct jpeg_error_mgr manager; /* first: libjpeg hands it back */
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    int message; /* JERR_... or the damage that a warning told of */
    struct jpeg_decompress_struct in;
    struct jpeg_compress_struct out;
    uint8_t *row;               /* CMYK or grey samples */
    unsigned char *raw, *exact; /* libjpeg's malloc */
    unsigned long raw_size;
};

__attribute__((noreturn)) static void leave(j_common_ptr common)
{
    struct jpeg_state *state = (struct jpeg_state *)(void *)common->err;
    state->message = common->err->msg_code;
    longjmp(state->escape, 1);
}

/* libjpeg fills what is missing with grey and only warns; a damaged file is an error here. Warnings
 * that lose no pixels (rubbish between segments, odd version numbers) pass. */
static void judge_message(j_common_ptr common, int level)
{
    if (level >= 0)
        return;
    switch (common->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_BOGUS_ICC:
    case JWRN_TOO_MUCH_DATA:
        return;
    default:
        leave(common);
    }
}

static void print_nothing(j_common_ptr common)
{
    (void)common;
}

static void watch_scans(j_common_ptr common)
{
    if (common->is_decompressor && ((j_decompress_ptr)common)->input_scan_number > SCANS_MAX)
        leave(common);
}

static struct jpeg_state *state_new(void)
{
    struct jpeg_state *state = fus_calloc(1, sizeof(*state));
    if (!state)
        return NULL;
    jpeg_std_error(&state->manager);
    state->manager.error_exit = leave;
    state->manager.emit_message = judge_message;
    state->manager.output_message = print_nothing;
    state->progress.progress_monitor = watch_scans;
    state->in.err = &state->manager;
    state->out.err = &state->manager;
    return state;
}

static void state_free(struct jpeg_state *state)
{
    if (!state)
        return;
    jpeg_destroy_decompress(&state->in);
    jpeg_destroy_compress(&state->out);
    fus_free(state->row);
    free(state->raw);
    free(state->exact);
    fus_free(state);
}
FUS_CLEANUP_DEFINE(state_free, struct jpeg_state *)

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a JPEG picture.");
}

static int tell_error(const struct jpeg_state *state, struct fus_error *err)
{
    switch (state->message) {
    case JERR_OUT_OF_MEMORY:
        return out_of_memory(err);
    case JERR_BAD_PRECISION:
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA,
                             "JPEG files of more than 8 bits a sample are not supported.");
    case JERR_SOF_UNSUPPORTED:
    case JERR_CONVERSION_NOTIMPL:
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA,
                             "This variant of JPEG is not supported.");
    default:
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The JPEG file is damaged or breaks off.");
    }
}

/* Ink to light without a profile; Adobe's files hold the inverse of the ink. */
static void cmyk_row(const uint8_t *cmyk, bool inverted, int width, uint8_t *bgr)
{
    unsigned flip = inverted ? 0 : 255;
    for (int x = 0; x < width; x++, cmyk += 4, bgr += 3) {
        unsigned black = cmyk[3] ^ flip;
        for (int c = 0; c < 3; c++)
            bgr[2 - c] = (uint8_t)(((cmyk[c] ^ flip) * black + 127) / 255);
    }
}

static void read_icc(struct jpeg_state *state, struct fus_still *still)
{
    unsigned char *profile = NULL;
    unsigned size = 0;
    if (!jpeg_read_icc_profile(&state->in, &profile, &size))
        return;
    still->icc = fus_memdup(profile, size);
    still->icc_size = still->icc ? size : 0;
    free(profile);
}

/* Between setjmp and the end nothing here is owned by a local. */
static int decode_body(struct jpeg_state *state, const uint8_t *bytes, size_t size,
                       const struct fus_still_header *header, struct fus_still *still,
                       struct fus_error *err)
{
    struct jpeg_decompress_struct *in = &state->in;
    jpeg_create_decompress(in);
    in->progress = &state->progress;
    jpeg_mem_src(in, bytes, size);
    jpeg_save_markers(in, JPEG_APP0 + 2, 0xffff);
    jpeg_read_header(in, TRUE);
    if (in->image_width != header->width || in->image_height != header->height)
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The JPEG file has two sizes.");
    bool cmyk = in->num_components == 4;
    in->out_color_space = cmyk ? JCS_CMYK : JCS_EXT_BGR;
    in->dct_method = JDCT_ISLOW;
    still->grey = in->num_components == 1;
    if (!cmyk)
        read_icc(state, still);
    int rc = fus_image_alloc(&still->image, FUS_PIXEL_BGR8, (int)in->image_width,
                             (int)in->image_height, err);
    if (rc < 0)
        return rc;
    if (cmyk && !(state->row = fus_calloc(in->image_width, 4)))
        return out_of_memory(err);
    jpeg_start_decompress(in);
    while (in->output_scanline < in->output_height) {
        uint8_t *to = still->image.plane[0] + still->image.stride_bytes[0] * in->output_scanline;
        JSAMPROW row = cmyk ? state->row : to;
        if (jpeg_read_scanlines(in, &row, 1) != 1)
            return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The JPEG file breaks off.");
        if (cmyk)
            cmyk_row(state->row, in->saw_Adobe_marker, (int)in->output_width, to);
    }
    jpeg_finish_decompress(in);
    return 0;
}

int fus_jpeg_decode(const uint8_t *bytes, size_t size, const struct fus_still_header *header,
                    struct fus_still *still, struct fus_error *err)
{
    FUS_CLEANUP(state_free) struct jpeg_state *state = state_new();
    if (!state)
        return out_of_memory(err);
    if (setjmp(state->escape))
        return tell_error(state, err);
    return decode_body(state, bytes, size, header, still, err);
}

/* FaceFusion's stills are written by FFmpeg's Motion JPEG encoder, whose one scale runs from 2 to
 * 31: quality q is round(31 - 0.31 q) (nearbyint rounds halves to even, as upstream does). The AC
 * steps are MPEG-1's default intra matrix (ISO/IEC 11172-2, 2.4.3.2) times the scale over 8, the DC
 * step is 8, for luma and chroma alike. Upstream's encoder stops at 2; here 1 and 0 (from a quality
 * of 95 on) go on down to no loss but rounding. The cosines are first written without loss and then
 * quantised here, because libjpeg has no other place for a rule of rounding. */
static void set_tables(struct jpeg_compress_struct *out, int quality)
{
    static const uint8_t intra[DCTSIZE2] = {
        8,  16, 19, 22, 26, 27, 29, 34, 16, 16, 22, 24, 27, 29, 34, 37, 19, 22, 26, 27, 29, 34,
        34, 38, 22, 22, 26, 27, 29, 34, 37, 40, 22, 26, 27, 29, 32, 35, 40, 48, 26, 27, 29, 32,
        35, 40, 48, 58, 26, 27, 29, 34, 38, 46, 56, 69, 27, 29, 35, 38, 46, 56, 69, 83};
    unsigned scale = (unsigned)nearbyint(31 - 0.31 * FUS_CLAMP(quality, 0, 100));
    unsigned table[DCTSIZE2];
    for (int i = 0; i < DCTSIZE2; i++)
        table[i] = FUS_CLAMP(intra[i] * scale / 8, 1u, 255u);
    table[0] = scale >= 2 ? 8 : 1 + scale;
    jpeg_add_quant_table(out, 0, table, 100, TRUE);
    jpeg_add_quant_table(out, 1, table, 100, TRUE);
}

static void set_no_loss(struct jpeg_compress_struct *out)
{
    unsigned table[DCTSIZE2];
    for (int i = 0; i < DCTSIZE2; i++)
        table[i] = 1;
    jpeg_add_quant_table(out, 0, table, 100, TRUE);
    jpeg_add_quant_table(out, 1, table, 100, TRUE);
}

/* One block by FFmpeg's rule: the AC steps are counted from 5/8 of a step on, which drops noise
 * that libjpeg's halves would keep; the DC step is rounded. */
static void quantise(JCOEF *block, const JQUANT_TBL *table)
{
    for (int i = 0; i < DCTSIZE2; i++) {
        int step = table->quantval[i], value = block[i], size = abs(value);
        int level = i ? (8 * size + 3 * step) / (8 * step) : (2 * size + step) / (2 * step);
        block[i] = (JCOEF)(value < 0 ? -level : level);
    }
}

/* Quantises all that state->in holds unquantised, and writes it. */
static void requantise(struct jpeg_state *state, const struct fus_still_job *job)
{
    struct jpeg_decompress_struct *in = &state->in;
    struct jpeg_compress_struct *out = &state->out;
    jvirt_barray_ptr *blocks = jpeg_read_coefficients(in);
    jpeg_copy_critical_parameters(in, out);
    set_tables(out, job->quality);
    out->optimize_coding = TRUE;
    for (int c = 0; c < in->num_components; c++) {
        const jpeg_component_info *part = &in->comp_info[c];
        for (JDIMENSION y = 0; y < part->height_in_blocks; y++) {
            JBLOCKARRAY row = in->mem->access_virt_barray((j_common_ptr)in, blocks[c], y, 1, TRUE);
            for (JDIMENSION x = 0; x < part->width_in_blocks; x++)
                quantise(row[0][x], out->quant_tbl_ptrs[out->comp_info[c].quant_tbl_no]);
        }
    }
    jpeg_write_coefficients(out, blocks);
    if (job->icc)
        jpeg_write_icc_profile(out, job->icc, (unsigned)job->icc_size);
    jpeg_finish_compress(out);
    jpeg_finish_decompress(in);
}

/* The picture's cosines without loss, as a JPEG in state->raw; OpenCV's JPEG if that is wanted. */
static int transform(struct jpeg_state *state, const struct fus_still_job *job,
                     struct fus_error *err)
{
    const struct fus_image *image = job->image;
    struct jpeg_compress_struct *out = &state->out;
    jpeg_create_compress(out);
    jpeg_mem_dest(out, &state->raw, &state->raw_size);
    out->image_width = (JDIMENSION)image->width;
    out->image_height = (JDIMENSION)image->height;
    out->input_components = job->grey ? 1 : 3;
    out->in_color_space = job->grey ? JCS_GRAYSCALE : JCS_EXT_BGR;
    jpeg_set_defaults(out);
    if (job->as_facefusion)
        jpeg_set_quality(out, OPENCV_QUALITY, TRUE);
    else
        set_no_loss(out);
    out->dct_method = JDCT_ISLOW;
    if (!job->grey && !job->as_facefusion && job->quality >= FULL_CHROMA_QUALITY)
        out->comp_info[0].h_samp_factor = out->comp_info[0].v_samp_factor = 1;
    if (job->grey && !(state->row = fus_malloc((size_t)image->width)))
        return out_of_memory(err);
    jpeg_start_compress(out, TRUE);
    while (out->next_scanline < out->image_height) {
        uint8_t *from = image->plane[0] + image->stride_bytes[0] * out->next_scanline;
        JSAMPROW row = from;
        if (job->grey) {
            row = state->row;
            for (int x = 0; x < image->width; x++)
                row[x] = from[3 * x + 1];
        }
        jpeg_write_scanlines(out, &row, 1);
    }
    jpeg_finish_compress(out);
    return 0;
}

static int encode_body(struct jpeg_state *state, const struct fus_still_job *job,
                       struct fus_error *err)
{
    int rc = transform(state, job, err);
    if (rc < 0 || job->as_facefusion)
        return rc;
    state->exact = state->raw;
    state->raw = NULL;
    jpeg_destroy_compress(&state->out);
    jpeg_create_decompress(&state->in);
    jpeg_mem_src(&state->in, state->exact, state->raw_size);
    jpeg_read_header(&state->in, TRUE);
    state->raw_size = 0;
    jpeg_create_compress(&state->out);
    jpeg_mem_dest(&state->out, &state->raw, &state->raw_size);
    requantise(state, job);
    return 0;
}

int fus_jpeg_encode(const struct fus_still_job *job, uint8_t **bytes, size_t *size,
                    struct fus_error *err)
{
    FUS_CLEANUP(state_free) struct jpeg_state *state = state_new();
    if (!state)
        return out_of_memory(err);
    if (setjmp(state->escape)) {
        if (state->message == JERR_IMAGE_TOO_BIG)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                 "JPEG holds at most 65500 pixels a side.");
        return state->message == JERR_OUT_OF_MEMORY
                   ? out_of_memory(err)
                   : fus_error_set(err, FUS_E_INTERNAL, "The JPEG encoder failed.");
    }
    int rc = encode_body(state, job, err);
    if (rc < 0)
        return rc;
    uint8_t *copy = fus_memdup(state->raw, state->raw_size);
    if (!copy)
        return out_of_memory(err);
    *bytes = copy;
    *size = state->raw_size;
    return 0;
}
